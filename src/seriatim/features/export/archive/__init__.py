"""Archives that people ask for: made by a loop, kept for a day."""
