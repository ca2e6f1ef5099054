"""The rules: values and pure functions. No I/O, no clock, no logging."""
