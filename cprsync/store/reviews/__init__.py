"""What waits for a person: raised, settled and opened again.

What an answer does is `store.desk`'s.
"""
