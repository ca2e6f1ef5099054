"""Read and open a patron's rows, and find patrons by them.

What changes a patron is in `store.patrons`.
"""
