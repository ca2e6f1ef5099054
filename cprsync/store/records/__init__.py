"""Read and open a patron's rows, and find patrons by them.

Also writes the parts that stand in tables of their own: numbers, corrections, cards, kept blocks. What a record was
before, so that it can be written again, is in `remembered`. A whole change is in `store.patrons`.
"""
