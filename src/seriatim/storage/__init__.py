"""Technology that knows nothing of chat."""
