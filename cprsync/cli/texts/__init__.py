"""What the command line says, in both languages, by subject; the tables are joined where they are read."""
