"""What a library sets: patron groups, fees, products, retention periods, and the data controller.

Holds values and their bounds. `config` has the form in which a file writes them.
"""
