"""What a patron may borrow and what they owe, and the statement of it. Changes nothing.

The rules are in `domain.lending`.
"""
