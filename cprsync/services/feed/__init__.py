"""Deliveries fetched, accepted or set aside, subscriptions compared, and whoever was in a window asked about.

What a delivery's persons mean is planned in `services.planning`.
"""
