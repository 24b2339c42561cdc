"""A replica of the log that pages may be read from."""
