"""Check that the store is whole: audit, keys and records. List the audit, cut its beginning, and accept a broken one.

Writes only what a person or the policy decided.
"""
