"""What flows to sessions unasked: news of the log, a user's own stream, presence and typing."""
