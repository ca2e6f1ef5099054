"""The database itself: engine, tenant, locks, bulk writing and the version of the tables.

Knows nothing of patrons, nights or deliveries.
"""
