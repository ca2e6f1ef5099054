"""The demo, the mock, and the benchmark."""
