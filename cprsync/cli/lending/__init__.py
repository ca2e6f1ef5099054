"""A patron's standing, and what they owe.

What a late loan costs, and who may borrow, is in `domain.lending`.
"""
