"""The database itself: engine, tables, tenant, locks, bulk writing and the version of the tables.

Knows no capability.
"""
