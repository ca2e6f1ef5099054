"""What staff do at the desk: find, show, look up, register, set, correct, and answer reviews.

What shows a fee is in `services.lending`, and what shows a right is in `services.netmedia`.
"""
