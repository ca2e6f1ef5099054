"""Counts for people to read: the yearly statistics.

What is printed is in `domain.pages`.
"""
