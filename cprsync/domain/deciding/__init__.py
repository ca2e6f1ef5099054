"""What an answer of the register means for a record: the decision, its name, its possible harm, and the night's guard.

Reads nothing and writes nothing. The result is a value that other code applies.
"""
