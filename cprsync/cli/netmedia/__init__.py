"""Shows and verifies rights to net media."""
