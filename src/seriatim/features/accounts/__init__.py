"""Accounts: who people are, how they prove it, and how a device gets and keeps its access."""
