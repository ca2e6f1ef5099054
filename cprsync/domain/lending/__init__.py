"""What a patron may borrow and owes, and how the library may write to them.

`domain.netmedia` decides which products of the net media they may use.
"""
