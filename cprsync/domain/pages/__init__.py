"""What is printed for people: the privacy page, the record of processing, fees, products and statistics.

Builds pages from the field table and the policy. The command line decides the layout.
"""
