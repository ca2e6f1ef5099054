"""How a patron leaves, and which data are deleted when they are no longer needed.

`store.leaving` decides what is emptied, and in which order.
"""
