"""Backups of an installation, their way back, and the proof that there is one.

How a database is copied and how its parts are encrypted is in `store.backup`. Which backups are kept is in
`domain.trust`.
"""
