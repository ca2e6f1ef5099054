"""Compares the records with other systems."""
