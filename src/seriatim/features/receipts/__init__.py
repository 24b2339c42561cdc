"""Receipts: how far each member has read, written once per window."""
