"""What an installation rests on, as rules: certificates in time, backups, what rings and what is measured.

Keys and audit are in the store.
"""
