"""Conversations: found one, join and leave it, its roles and settings, and the lists of them."""
