"""Commands about patrons who leave, and data that has passed its retention period.

When something may go is in `domain.leaving`, and the going in `services.leaving`.
"""
