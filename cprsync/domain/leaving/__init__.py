"""How a patron leaves, and what is forgotten when it is over.

What is emptied, and in which order, is `store.leaving`'s.
"""
