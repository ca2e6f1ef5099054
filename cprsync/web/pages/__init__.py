"""One module for each task at the desk: find, register, look at a record, answer what waits.

A page reads a form, calls a use case, and shows its document. It decides nothing.
"""
