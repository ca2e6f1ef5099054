"""From answers and deliveries to the steps of a night, and the steps written in batches.

The order of a whole night is `services.night`'s.
"""
