"""SOAP as the platform and CULR speak it.

Shares no line with the client.
"""
