"""Deliveries: messages queued by a follower of the log, and posted to URLs until they are there."""
