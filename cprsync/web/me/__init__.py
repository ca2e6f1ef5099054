"""The patron's own pages: another door than the desk's, with sessions and a cookie of its own.

Nothing here names a patron but the session. Leaves out what opens at which door: see `domain.desk.own`.
"""
