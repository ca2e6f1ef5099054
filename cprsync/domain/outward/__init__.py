"""What other systems hear of a patron, and where what they hold differs from the record.

One record in plain values, and what of it each target may get. Decides no change of a record.
"""
