"""The counterparts as one program, for tests, the demo and development. Never used beside production."""
