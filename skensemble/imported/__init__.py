"""Models of other libraries, read by checks of our own, and predicted by our kernels."""
