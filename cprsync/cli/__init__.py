"""The command line: commands, progress, text and JSON; errors become exit codes and advice here."""
