"""Commands about deliveries, windows of the feed, and subscriptions."""
