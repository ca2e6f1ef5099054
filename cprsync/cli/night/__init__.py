"""The operator's commands: nights, deliveries, windows, subscriptions, status."""
