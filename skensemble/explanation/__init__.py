"""Explanations of predictions: Shapley and Banzhaf values of every model of trees, exact and in the user's columns."""
