"""Patrons who leave, what is kept about them, and what each night deletes.

The rules of leaving are in `domain.leaving`.
"""
