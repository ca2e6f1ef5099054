"""The night from its first step to its report, the dry run of a night, and the forecast of those to come.

What a step does is in the room of its capability; the calendar is here.
"""
