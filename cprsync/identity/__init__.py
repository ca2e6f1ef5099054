"""The identity provider of a library (OpenID Connect): where it is, and what its answer proves.

Leaves out what a person may do (`domain.desk.claims`), sessions and pages (`web`).
"""
