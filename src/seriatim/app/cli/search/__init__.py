"""`seriatim search`: the index of what was said, for its operator."""
