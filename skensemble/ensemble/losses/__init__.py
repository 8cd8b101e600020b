"""Losses: value, gradient, hessian, link."""
