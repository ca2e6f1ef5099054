"""Closing, erasing and forgetting, with the journal of it.

Who leaves, and when, is decided in `domain.leaving`.
"""
