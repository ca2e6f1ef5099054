"""The register's deliveries in time: which days bring one, what follows what, and when none could tell of a number.

Knows dates and hashes. What stands in a delivery is `domain.person`'s.
"""
