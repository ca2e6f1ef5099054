"""Settings become ready objects: a library with its store and its counterparts, as one command or night needs them.

Only this room sees every layer. Nothing is decided here, and nothing is opened before somebody asks for it.
"""
