"""Emoji of the server's own: pictures with names, written `:name:` in messages and reactions."""
