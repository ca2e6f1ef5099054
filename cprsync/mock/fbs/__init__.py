"""Cicero (FBS) as DBC's published adapter contract describes it: shows patrons, and counts every call.

Shares no code with the client.
"""
