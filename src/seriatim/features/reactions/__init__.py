"""Reactions: an emoji on a message, counted by kind; who put it there is a list of its own."""
