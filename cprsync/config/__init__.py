"""Reads what an operator writes: settings, policy and column mappings. Checks everything at once.

Reads the packaged tables too. Knows what a file may contain. What follows from it is decided in `domain`.
"""
