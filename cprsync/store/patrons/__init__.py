"""What changes a patron, and what hangs on one: changes, windows, the dead, those who answer for minors.

Reading lives in `store.records`.
"""
