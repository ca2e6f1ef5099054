"""Loans, reservations and balances: which are over, and what is owed.

Which fee follows is decided in the domain.
"""
