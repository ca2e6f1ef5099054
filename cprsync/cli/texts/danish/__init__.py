"""What errors say, in Danish. Words only."""
