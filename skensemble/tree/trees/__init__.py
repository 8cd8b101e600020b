"""Grown trees: their arrays, and what is computed from them."""
