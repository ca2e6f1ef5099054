"""Backups: folders with a sealed copy of the database and a sealed archive of the keys, and their way back.

What a backup says of itself, and how long it is kept, is in `domain.trust`. Opens no record.
"""
