"""Close, erase and delete, with the journal of it.

Who leaves, and when, is decided in `domain.leaving`.
"""
