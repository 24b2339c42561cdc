"""Groups of people that are mentioned by one name."""
