"""The desk's commands: look up, register, set, correct, leave, review."""
