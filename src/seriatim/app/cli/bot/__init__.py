"""`seriatim bot`: a folder to begin a bot in."""
