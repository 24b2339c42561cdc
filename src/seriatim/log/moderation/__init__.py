"""What moderators did, and who is shut out: written and read by several features."""
