"""The command line: commands, progress, text and JSON. Turns errors into exit codes and advice."""

from cprsync.cli.terminal import pressed as pressed  # the clock of whoever waits runs while the rest is loaded
