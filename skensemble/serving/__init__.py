"""Serving: models that answer row by row, parts and sums of models, leaves for other rows."""
