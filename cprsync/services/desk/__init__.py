"""What staff do at the desk: look up, register, set, correct, and answer reviews.

What only shows a record, a fee or a right is in `services.views`.
"""
