"""The demo and the mock: a town to try everything on, and the counterparts that the mock plays.

Nothing here is for an installation that works with real people.
"""
