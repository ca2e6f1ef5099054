"""Asks an installation how it is: the machine, the files, the store, and each counterpart. Rings its alarms.

What an answer means is decided in `services/trust`. Nothing is written to a counterpart, and no person is asked about.
"""
