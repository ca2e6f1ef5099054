"""What an operator writes: settings, policy, column mappings and lists, read and checked at once.

Knows what may stand in a file. What follows from it is the domain's.
"""
