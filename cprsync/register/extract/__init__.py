"""Inspects the change extract U12170-P, and turns it into persons.

Fetches nothing.
"""
