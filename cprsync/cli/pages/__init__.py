"""Prints pages and tables: the guide, fields, fees, rules, statistics.

What stands on a page is in `domain.pages`, and a rule in its own room of `domain`.
"""
