"""The command line: commands, progress, text and JSON; errors become exit codes and advice here."""

from cprsync.cli.terminal import pressed as pressed  # the clock of whoever waits runs while the rest is loaded
