"""Devices: a user's installations, by which he is signed in; list, rename, revoke, and tell every gateway."""
