"""The register's deliveries in time: which days have one, which follows which, and when the feed missed a number.

Knows dates and hashes. `domain.person` has the content of a delivery.
"""
