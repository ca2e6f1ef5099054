"""The terminal: options, output, questions, progress, failures, logs, and who the user is.

Knows no command.
"""
