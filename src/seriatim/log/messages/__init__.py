"""Messages and polls in their present state: for pages, and for the commands that speak of them."""
