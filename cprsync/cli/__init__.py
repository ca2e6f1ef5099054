"""The command line: commands, progress, text and JSON. Turns errors into exit codes and advice."""

from cprsync.cli.terminal import pressed as pressed  # the time that the user waits includes loading the rest
