"""The audit's heads and the erase journal, kept outside the database so that an older copy of it is noticed.

Knows no table.
"""
