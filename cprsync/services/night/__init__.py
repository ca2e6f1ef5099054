"""The night from its first step to its report, the dry run of a night, and the forecast of those to come.

The work of each step is in the room of its capability.
"""
