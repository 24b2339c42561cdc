"""The way out: publish, broker, fan-out, repair."""
