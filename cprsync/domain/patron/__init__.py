"""The patron's record: the register's part, the part that patron and staff own, and what is in force of both on a day.

What a change of the register does to a record is decided in `domain.deciding`.
"""
