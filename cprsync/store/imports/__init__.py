"""What an import's rows meet in the store, and what it writes.

Reads no file.
"""
