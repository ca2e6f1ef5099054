"""What a patron may borrow and owes, how they stand, and by which way they are written to.

Which product of the net media they may use lives in `domain.netmedia`.
"""
