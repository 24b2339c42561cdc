"""PostgreSQL: found or embedded, pooled, migrated."""
