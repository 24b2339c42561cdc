"""The conversation log: append, read, follow, and who may; the only truth."""
