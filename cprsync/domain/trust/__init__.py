"""What an installation rests on, as rules: its certificates in time, its backups. Keys and audit are in the store."""
