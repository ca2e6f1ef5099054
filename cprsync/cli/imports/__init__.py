"""Imports lists, and reports what became of their rows."""
