"""Patrons who leave, what is kept of them, and what is forgotten.

The rules of leaving are `domain.leaving`'s.
"""
