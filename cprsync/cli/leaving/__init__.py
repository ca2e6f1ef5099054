"""Commands about patrons who leave, and data that has passed its retention period."""
