"""What the SOAP clients share: TLS with a deadline, answers parsed under ceilings, tries, calls side by side.

Knows no counterpart and no operation. Its errors are its own: each client names its counterpart.
"""
