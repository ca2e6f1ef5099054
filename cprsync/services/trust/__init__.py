"""Says whether all is well with a library. If it is not, an operator may accept that with a reason, and go on.

How the audit is checked is in `store.trust`.
"""
