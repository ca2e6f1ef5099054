"""What the program says, in Danish and English: words, errors, advice, days.

The sentences are in the catalogues of `cprsync/locale`.
"""
