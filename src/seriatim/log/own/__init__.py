"""What the log knows of one user alone: how conversations are for him, and the entries that he keeps lists of."""
