"""The connection that appends: libpq without tasks, and the binary arrays it sends."""
