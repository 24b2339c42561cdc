"""Exports: conversations and what is kept of a user, as lines of JSON and as a page to read."""
