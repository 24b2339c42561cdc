"""What only HTTP says: bodies, cursors, and the resources that no frame carries."""
