"""`seriatim chat`: talk from a terminal, on a screen or line by line."""
