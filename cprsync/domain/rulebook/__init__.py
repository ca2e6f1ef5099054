"""The rules as tables to read: rows of words, Danish first, each held to the rule it describes.

Holds no rule. A rule lives in the room that decides.
"""
