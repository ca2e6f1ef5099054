"""The register that lives, and the faults that it shows on command.

How it is called lives in `mock.soap`.
"""
