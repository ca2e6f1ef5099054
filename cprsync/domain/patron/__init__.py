"""The patron's record: the register's part, the local part, and the values that are in force on a day.

Patron and staff own the local part. `domain.deciding` decides what a change in the register does to a record.
"""
