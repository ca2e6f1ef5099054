"""Keys, seals, keyed indexes and the canonical bytes that are sealed.

Knows no table.
"""
