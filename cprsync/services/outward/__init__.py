"""Compares our records with what other systems hold of our patrons."""
