"""Messages: send one, fetch a page of the log, compare what a device holds with it."""
