"""Checks whether everything is consistent, and lets an operator continue deliberately when it is not.

How the audit is checked is in `store.audit`.
"""
