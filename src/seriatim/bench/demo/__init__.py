"""What `seriatim demo` plays: people, conversations, and what they say."""
