"""What an installation rests on, as rules: certificates and clocks, backups, what rings and what is measured.

Keys and audit are in the store.
"""
