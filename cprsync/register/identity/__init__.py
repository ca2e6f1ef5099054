"""Reads our certificate and the counterparts', and says what is wrong with them.

Only the report of certificates connects to counterparts, and it sends them nothing.
"""
