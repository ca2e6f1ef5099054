"""SOAP as the platform and CULR speak it.

Shares no code with the client.
"""
