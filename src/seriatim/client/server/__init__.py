"""What a program asks of the server over HTTP besides the log: the user himself, webhooks, the server's admin."""
