"""Write the audit chain: an entry with each change, its reason sealed beside it, and its head kept outside.

Holds names, never values.
"""
