"""What all benches stand on: the server as a child, the C programs, /proc, and the report."""
