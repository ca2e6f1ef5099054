"""Fetches, accepts and sets aside deliveries, subscribes, and asks the register what is open.

What a delivery's persons mean is planned in `services.planning`.
"""
