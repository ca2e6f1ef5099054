"""Our records: tables, sealing, audit chain and migrations, on SQLite and PostgreSQL. Decides nothing."""
