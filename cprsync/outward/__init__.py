"""Calls the systems beside the register and CULR that have to do with our patrons, each in files of its own.

What they may get is decided in `domain.outward`. Cicero (FBS) is only read: there is no method that writes to it.
"""
