"""What is kept outside the database, so that an older copy of it is seen: the audit's heads, the erase journal.

Knows no table.
"""
