"""Reads what an operator writes: settings, policy, column mappings and lists. Checks everything at once.

Knows what a file may contain. What follows from it is decided in `domain`.
"""
