"""The steps from one version of the tables to the next. Run by `cprsync.store.core.version` only."""
