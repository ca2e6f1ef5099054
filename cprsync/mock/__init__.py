"""The counterparts as one program: for tests, the demo and development, never beside production."""
