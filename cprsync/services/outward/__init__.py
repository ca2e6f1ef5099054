"""Tells other systems what has changed, and compares our records with what they hold of our patrons.

What a target may get is decided in `domain.outward`.
"""
