"""Counts for statistics.

Which numbers may be shown is decided in `domain.pages`.
"""
