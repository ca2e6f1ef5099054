"""The register's SOAP services: people looked up, subscriptions kept.

Reads no change file.
"""
