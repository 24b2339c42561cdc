"""Threads: their pages, who follows them and how far he has read, and their lists. Append writes the replies."""
