"""The estimators of single trees."""
