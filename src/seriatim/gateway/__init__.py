"""Sockets and HTTP at the edge: transport, outboxes, origin, authentication, limits."""
