"""Review items, which wait for a person: opened, settled and reopened.

What an answer does is in `store.desk`.
"""
