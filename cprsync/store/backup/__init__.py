"""Backups: folders with an encrypted copy of the database and an encrypted archive of the keys, and their way back.

What a backup says of itself, and how long it is kept, is in `domain.trust`. Opens no record.
"""
