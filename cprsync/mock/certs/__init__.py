"""Development certificates with the shape of the real ones.

Nothing here is trusted outside a test.
"""
