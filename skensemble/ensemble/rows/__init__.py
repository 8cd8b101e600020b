"""Which rows grow a tree, and which judge it."""
