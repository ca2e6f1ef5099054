"""Whether everything holds together, and going on deliberately when it does not.

How a chain is followed is `store.audit`'s.
"""
