"""The terminal: what goes out, what is typed, progress, logs, and who sits there.

Knows no command.
"""
