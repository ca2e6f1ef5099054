"""The use cases, and the ports they need. Knows no adapter and no adapter's library."""
