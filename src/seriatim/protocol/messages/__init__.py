"""Commands on messages, what all commands have in common, and the fold: what entries make of earlier ones."""
