"""Polls: a question to everybody in a conversation, and what they chose."""
