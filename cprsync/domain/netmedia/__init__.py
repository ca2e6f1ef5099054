"""Rights to net media on a day, and the account in CULR that carries them.

How CULR is called is the adapter's, `cprsync.netmedia`.
"""
