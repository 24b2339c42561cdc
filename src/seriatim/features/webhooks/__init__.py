"""Webhooks: messages that programs leave at an address, and URLs that are told what was said."""
