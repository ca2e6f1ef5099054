"""Deliveries in the inbox, subscriptions, the register's answers, and the patrons who wait for an answer.

Does not parse what a delivery contains.
"""
