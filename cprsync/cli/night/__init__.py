"""Commands about nights: run one, and show past and coming ones."""
