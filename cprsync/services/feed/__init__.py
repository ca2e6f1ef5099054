"""Fetches, accepts and sets aside deliveries, compares subscriptions, and asks about patrons in a window.

What a delivery's persons mean is planned in `services.planning`.
"""
