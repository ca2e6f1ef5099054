"""The invented people, what may happen to them, who subscribes to them, what is delivered, and the register of it all.

Speaks no protocol.
"""
