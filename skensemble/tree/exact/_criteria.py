"""Criteria of impurity, as kernels know them."""

GINI, ENTROPY, SQUARED_ERROR, ABSOLUTE_ERROR, POISSON = range(5)
CRITERIA = {
    "gini": GINI,
    "entropy": ENTROPY,
    "squared_error": SQUARED_ERROR,
    "absolute_error": ABSOLUTE_ERROR,
    "poisson": POISSON,
}
