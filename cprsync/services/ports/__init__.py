"""What the use cases need of the outside, and the values that pass through.

Knows no adapter.
"""
