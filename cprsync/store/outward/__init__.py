"""What other systems may hear of patrons, what waits for each of them, and comparisons with what they hold.

Calls no other system, and decides nothing: `domain.outward` says what a target may get.
"""
