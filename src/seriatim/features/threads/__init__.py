"""Threads: their lists. Their messages are sent, fetched and read with the commands of messages."""
