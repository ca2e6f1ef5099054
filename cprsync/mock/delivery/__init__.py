"""The change extract as the register writes it, put into a box.

Written by the mock's own knowledge of the layout.
"""
