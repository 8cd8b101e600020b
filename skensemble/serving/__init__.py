"""Serving: models that answer row by row, predictions of the rows of files, and models described in a few lines."""
