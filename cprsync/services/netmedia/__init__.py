"""Derives and shows rights, tells the net media about them, and compares and repairs the accounts there.

Which right a patron has is decided in `domain.netmedia`.
"""
