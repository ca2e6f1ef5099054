"""What the SOAP clients share: TLS with a deadline, answers parsed under ceilings, zeep held to a schema.

Knows no counterpart and no operation. Its errors are named for the register; clients of other counterparts translate
them.
"""
