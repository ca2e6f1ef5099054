"""What staff do at the desk: look up, register, set, correct, and answer reviews.

Services that only show something live in `services.views`.
"""
