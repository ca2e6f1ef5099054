"""A patron's standing, and what they owe."""
