"""The change extract U12170-P: inspected, and turned into persons.

Fetches nothing.
"""
