"""The index of what was said: slices of time in a folder, which one process writes and any number read."""
