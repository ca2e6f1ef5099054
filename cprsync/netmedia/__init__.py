"""CULR, which tells the net media a patron's municipality: its client and the client's settings.

What CULR is told, and when, is in `domain.netmedia` and `services.netmedia`.
"""
