"""A user's own: drafts, how conversations are for him, settings, saved messages, where he was mentioned."""
