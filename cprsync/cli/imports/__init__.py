"""Lists that are imported, and what became of their rows."""
