"""Writes the change extract as the register does, and puts it into a box.

Uses the mock's own knowledge of the layout.
"""
