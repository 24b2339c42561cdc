"""Who is here, and how he wants to look."""
