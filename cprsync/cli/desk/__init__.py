"""The desk's commands: look up, register, set, correct, review, and say who may come in.

`serve` opens the desk in a browser. What they may do and what they write is in `services.desk`;
the pages are in `web`.
"""
