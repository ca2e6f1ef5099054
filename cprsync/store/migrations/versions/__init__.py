"""One module for each version of the store; a released one is never changed.

What the tables are now is in `store.tables`.
"""
