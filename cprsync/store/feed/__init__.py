"""Deliveries in the inbox, subscriptions, answers of the register, and who waits for it.

Reads no delivery's content.
"""
