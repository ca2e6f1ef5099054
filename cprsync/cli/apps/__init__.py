"""The groups of commands and their options. What a command does is imported only when it runs."""
