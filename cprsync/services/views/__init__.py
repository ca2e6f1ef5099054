"""What is shown of patrons and changes nothing: records revealed, rights, standing, statements and statistics.

Whoever opens what is sealed gives a reason, and the audit has it first.
"""
