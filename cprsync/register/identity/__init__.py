"""Reads our certificate and the counterparts', and says what is wrong with them.

Only the report connects to counterparts, and it sends them nothing.
"""
