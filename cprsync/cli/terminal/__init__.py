"""The terminal: output, input, progress, logs, and the user.

Knows no command.
"""
