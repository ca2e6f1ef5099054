"""Rights derived, the net media told of them, and what stands there compared and repaired.

Which right somebody has is decided in `domain.netmedia`.
"""
