"""What to do next, by the kind of an error, in both languages. Words only."""
