"""Imports lists, and reports what became of their rows.

What a row means is in `services.imports`.
"""
