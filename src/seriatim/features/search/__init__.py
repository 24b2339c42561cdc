"""Search: what is said is fed into the index, and who asks finds what he may read."""
