"""What the program says, in Danish and English: words, days, errors, records, reviews and nights as text.

The sentences are in the catalogues of `cprsync/locale`. Leaves out where a text goes: to a terminal (`cli`) or a page.
"""
