"""Shows patrons and changes nothing: records revealed, rights, standing, statements and statistics.

To open sealed data, a user gives a reason, which the audit records first.
"""
