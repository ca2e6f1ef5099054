"""Systems beside the register and CULR that have to do with our patrons.

Cicero (FBS) is only read: whoever looks for a method that writes there finds none.
"""
