"""Seriatim: a self-hosted real-time chat system in which every conversation is one ordered log."""
