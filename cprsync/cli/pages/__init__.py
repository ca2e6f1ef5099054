"""Pages and tables that are printed: fields, fees, rules, statistics."""
