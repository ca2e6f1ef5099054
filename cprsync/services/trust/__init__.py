"""Checks whether everything is consistent. If it is not, an operator may accept that with a reason, and go on.

How the audit is checked is in `store.trust`.
"""
