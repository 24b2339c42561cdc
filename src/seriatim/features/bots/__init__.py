"""Bots: accounts that programs speak with, and their tokens."""
