"""Our certificate and the counterparts': read, and what is wrong with them said.

Opens no connection.
"""
