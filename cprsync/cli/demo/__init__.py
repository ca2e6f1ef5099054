"""The demo and the mock."""
