"""Loans, reservations, balances and messages: which are over, what is owed, and whose they become in a merge.

Which fee follows is decided in the domain.
"""
