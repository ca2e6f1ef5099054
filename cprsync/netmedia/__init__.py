"""CULR, which tells the net media a patron's municipality."""
