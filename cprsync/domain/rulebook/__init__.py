"""The rules as tables to read: what a written row means, and whether the program does what it says.

Holds no rule and no row. A rule lives in the room that decides; the rows are files in `cprsync/rulebook`.
"""
