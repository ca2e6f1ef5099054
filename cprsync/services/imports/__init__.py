"""Reads lists of other systems row by row: patrons, loans, reservations, balances and messages.

A row is taken, or refused with its field. What an import writes is in `store.imports`.
"""
