"""Development certificates of the real ones' shape.

Nothing here is trusted outside a test.
"""
