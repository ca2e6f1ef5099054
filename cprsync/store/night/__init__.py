"""Runs, from begin to close, and what each day of the calendar brings.

What one delivery changes is written by `store.patrons`.
"""
