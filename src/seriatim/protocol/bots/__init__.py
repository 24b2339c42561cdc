"""What bots are called with, and how they answer."""
