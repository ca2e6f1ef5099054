"""What the register's word means for a record: the decision, its name, the harm it could do, and a night's brake.

Reads nothing and writes nothing: the answer is a value that somebody else applies.
"""
