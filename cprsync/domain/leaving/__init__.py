"""How a patron leaves, and which data are deleted when they are no longer needed.

Which rows are emptied, and in which order, is in `store.leaving`.
"""
