"""Prints pages and tables: fields, fees, rules, statistics."""
