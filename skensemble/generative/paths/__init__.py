"""Paths between data and noise: solvers, guidance, densities."""
