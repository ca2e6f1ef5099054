"""What staff do at the desk: look up, register, set, correct, and answer what waits for a person.

What is only looked at lives in `services.views`.
"""
