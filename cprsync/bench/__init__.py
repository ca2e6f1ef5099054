"""Figures against the floor of the same run: what a night, a delivery read, a night without news cost."""
