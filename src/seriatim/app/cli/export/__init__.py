"""`seriatim export`: writes conversations and what a user may read, as JSON lines or as a page to read."""
