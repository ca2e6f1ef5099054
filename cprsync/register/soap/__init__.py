"""The register's SOAP services: look up people, keep subscriptions.

Reads no change file.
"""
