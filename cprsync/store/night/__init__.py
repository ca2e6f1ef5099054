"""Runs: opened, lived day by day, closed and resumed.

What one delivery changes is written by `store.patrons`.
"""
