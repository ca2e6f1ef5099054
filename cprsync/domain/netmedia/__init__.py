"""The rights to net media on a day, and the account in CULR that carries them.

The adapter `cprsync.netmedia` calls CULR.
"""
