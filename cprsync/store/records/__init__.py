"""A patron's rows, read and opened, and what is found by them.

What changes a patron lives in `store.patrons`.
"""
