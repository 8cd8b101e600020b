"""Regressors as fields along a path."""
