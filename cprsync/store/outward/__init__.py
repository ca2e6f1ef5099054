"""Comparisons with other systems, and our patrons' numbers there."""
