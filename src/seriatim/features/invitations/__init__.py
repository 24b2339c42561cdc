"""Ways into a conversation: invitation links, and requests to join a listed channel."""
