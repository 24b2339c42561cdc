"""What each benchmark is held against: bare functions and C programs."""
