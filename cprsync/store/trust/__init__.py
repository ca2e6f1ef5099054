"""Whether the store is whole: audit, keys and records checked; the audit listed, cut at its end, gone on with.

Writes nothing but what a person decided.
"""
