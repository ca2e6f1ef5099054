"""Shows and verifies rights to net media, and compares accounts with CULR."""
