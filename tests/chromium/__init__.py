"""The desk in a real Chromium, on the invented town: what a person sees, types and presses.

What needs no browser is in `tests/web`. Without a Chromium these tests are not run; under CI they fail.
"""
