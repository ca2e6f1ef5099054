"""Commands about what an installation rests on: audit, access, keys, backups, alarms, metrics, and `doctor`.

What a finding means is in `services.trust` and `domain.trust`.
"""
