"""The register with its changing people, and the faults that it shows on command.

How it is called is in `mock.soap`.
"""
