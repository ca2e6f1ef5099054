"""cprsync keeps a library's patron records true to the civil register."""
