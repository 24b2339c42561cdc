"""Who is here, on whichever gateway: a port and its technologies."""
