"""Rights, accounts, and effects that wait for CULR.

Calls no other system.
"""
