"""Slash commands: bots offer them, people call them."""
