"""The audit chain, as it is written: an entry with the deed, its reason sealed beside it, its head kept outside.

Holds names, never values.
"""
