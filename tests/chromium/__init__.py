"""The desk in a real Chromium, on the invented town: what a person sees, types and presses.

What needs no browser is in `tests/web`, and what needs this town but no browser is here too. Without a Chromium the
others are not run; under CI they fail.
"""
