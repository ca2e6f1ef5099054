"""What the clients share: TLS with a deadline, answers parsed under ceilings, tries, calls side by side.

Knows no counterpart and no operation. A client says in its own errors whose fault a failure is.
"""
