"""CULR: where the net media are told which municipality a patron belongs to."""
