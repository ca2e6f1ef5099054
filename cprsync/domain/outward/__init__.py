"""What other systems hold of our patrons, and where it differs from the record."""
