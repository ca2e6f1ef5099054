"""What an installation rests on: its audit, its keys, its alarms, its upkeep, and the check of the whole.

Ports and the values that pass through them. What a value means is decided in `services.trust` and `domain.trust`.
"""
