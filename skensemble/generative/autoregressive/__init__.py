"""Autoregressive forests: a table, column by column, each given the columns before it."""
