"""Runs: opened, lived day by day, ended, and gone on with.

What one delivery changes is written by `store.patrons`.
"""
