"""Find, recognise and change patrons, with what follows: windows, responsibles, merges, and subscriptions of the dead.

How a row is opened is in `store.records`.
"""
