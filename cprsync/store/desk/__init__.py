"""Writes that staff make, each with its audit entry: fields, answers to reviews, and numbers.

Records are also opened here to be shown.
"""
