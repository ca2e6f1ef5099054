"""What an installation rests on, in time: its certificates. Keys and the audit are in the store."""
