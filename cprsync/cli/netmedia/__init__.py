"""Shows and verifies rights to net media, and compares accounts with CULR.

Who has a right is in `domain.netmedia`, and the telling in `services.netmedia`.
"""
