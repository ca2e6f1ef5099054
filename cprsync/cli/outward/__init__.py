"""Commands about the other systems that have our patrons: what they are told, and where they differ.

The clients of those systems are in `cprsync.outward`, and the use cases in `services.outward`.
"""
