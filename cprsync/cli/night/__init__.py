"""Commands about nights: run one, show past and coming ones, approve a held plan, and undo a run.

What a night does is in `services.night`.
"""
