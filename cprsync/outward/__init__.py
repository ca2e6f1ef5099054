"""Calls the systems beside the register and CULR that hear of our patrons, and carries alarms.

Each has files of its own. What they may get is decided in `domain.outward`.
Cicero (FBS) is only read: there is no method that writes to it.
"""
