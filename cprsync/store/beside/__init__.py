"""The audit's heads and the erase journal, kept outside the database. They show if the database is an older copy.

Knows no table.
"""
