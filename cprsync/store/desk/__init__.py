"""What staff do, written: fields, reviews answered, merges, numbers; and records opened to be shown.

Each with its entry in the audit.
"""
