"""A user's own stream: what he alone sets and sees, on all of his devices."""
