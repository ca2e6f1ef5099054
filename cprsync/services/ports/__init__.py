"""What the use cases need from outside, and the values that pass through.

Knows no adapter.
"""
