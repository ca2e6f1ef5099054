"""How a patron stands, and what they owe."""
