"""Pins: messages and polls that a conversation keeps at hand."""
