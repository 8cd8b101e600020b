"""Where flows lead: distributions of independent columns, with known densities."""

import math

import numpy as np

T_DEGREES = 5.0  # of Student's t: heavy tails with a variance


class Normal:
    """The standard normal distribution."""

    def log_density(self, z):
        """(n_rows,)"""
        return -0.5 * np.einsum("ij,ij->i", z, z) - z.dtype.type(0.5 * math.log(2.0 * math.pi) * z.shape[1])

    def slope(self, z):
        """Derivative of the log density, (n_rows, n_columns)."""
        return -z

    def sample(self, generator, shape):
        return generator.standard_normal(shape)


class Logistic:
    """The standard logistic distribution."""

    def log_density(self, z):
        return (-np.abs(z) - 2.0 * np.log1p(np.exp(-np.abs(z)))).sum(axis=1)

    def slope(self, z):
        return -np.tanh(0.5 * z)

    def sample(self, generator, shape):
        return generator.logistic(size=shape)


class StudentT:
    """Student's t with `T_DEGREES` degrees of freedom."""

    def log_density(self, z):
        half = 0.5 * (T_DEGREES + 1.0)
        constant = math.lgamma(half) - math.lgamma(0.5 * T_DEGREES) - 0.5 * math.log(T_DEGREES * math.pi)
        logarithm = np.log1p(z * (z / z.dtype.type(T_DEGREES)))
        return z.dtype.type(constant * z.shape[1]) - z.dtype.type(half) * logarithm.sum(axis=1)

    def slope(self, z):
        return -(T_DEGREES + 1.0) * z / (T_DEGREES + z * z)

    def sample(self, generator, shape):
        return generator.standard_t(T_DEGREES, shape)


BASES = {"normal": Normal(), "logistic": Logistic(), "student_t": StudentT()}
