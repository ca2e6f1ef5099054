"""Rights to net media, shown and verified."""
