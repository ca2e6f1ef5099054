"""Writes that change a patron and what belongs to a patron: changes, windows, deaths and responsibles.

Reading is in `store.records`.
"""
