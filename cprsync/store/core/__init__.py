"""The database itself: engine, tables, tenant, locks, bulk writing and the tables' version.

Knows no capability.
"""
