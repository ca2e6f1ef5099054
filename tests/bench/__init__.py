"""Measures what a night, reading a delivery, and a night without news cost, against the floor of the same run."""
