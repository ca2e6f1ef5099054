"""Turns deliveries and answers into the steps of a night, and writes the steps in batches.

The order of a whole night is in `services.night`.
"""
