"""Commands about deliveries, windows of the feed, and subscriptions.

Deciding about them is in `services.feed`; a night, which takes deliveries, is in `night`.
"""
