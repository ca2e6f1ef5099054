"""What a library sets: patron groups, fees, products, how long things last, and who answers for the data.

Values and their bounds. How they are written in a file is `config`'s.
"""
