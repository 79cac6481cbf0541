"""Gaussian mixture: classes as normal distributions of the features, by expectation and maximisation."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.operation import Progress, part

from .kmeans import kmeans
from .products import inner_product, product
from .sample import ClassSample

ITERATIONS = 100
TOLERANCE = 1e-3
"""Gain of the mean log-likelihood below which a fit has converged."""
REGULARISATION = 1e-4
"""Added to the variances, where features have standard deviation 1, so that a constant feature has some width."""


class Mixture:
    """Weights, means and covariances of normal distributions of standardised features.

    Parameters
    ----------
    weights
        (classes,), summing to 1.
    means
        (classes, features).
    whitening
        (classes, features, features): inverse of the lower Cholesky factor of each covariance.
    """

    def __init__(self, weights: NDArray[Any], means: NDArray[Any], whitening: NDArray[Any]) -> None:
        self.weights, self.means, self.whitening = weights, means, whitening
        logs = np.log(np.diagonal(whitening, axis1=1, axis2=2)).sum(axis=1)
        self._constants = np.log(weights) + logs - 0.5 * means.shape[1] * np.log(2 * np.pi)
        self._shifts = np.einsum("kij,kj->ki", whitening, means)

    @property
    def parameters(self) -> int:
        """How many numbers are free."""
        classes, features = len(self.means), len(self.means[0])
        return classes * (1 + features + features * (features + 1) // 2) - 1

    def log_densities(self, maps: NDArray[Any]) -> NDArray[Any]:
        """Logarithm of weight times density (classes, n) of standardised features (features, n)."""
        found = np.empty((len(self.means), maps.shape[1]), maps.dtype)
        for row, whitening, shift, constant in zip(found, self.whitening, self._shifts, self._constants, strict=True):
            whitened = product(whitening, maps)
            whitened -= shift[:, None]
            np.einsum("ij,ij->j", whitened, whitened, out=row)
            row *= -0.5
            row += constant
        return found

    def astype(self, kind: type[np.floating]) -> Mixture:
        """The same in another precision."""
        made = Mixture(self.weights, self.means, self.whitening)
        for name in ("whitening", "_constants", "_shifts"):
            setattr(made, name, getattr(self, name).astype(kind))
        return made

    def of(self, classes: NDArray[np.intp]) -> Mixture:
        """The classes in another order."""
        return Mixture(self.weights[classes], self.means[classes], self.whitening[classes])


class MixtureClasses:
    """Classes by the largest posterior probability of a mixture."""

    def __init__(self, sample: ClassSample, mixture: Mixture) -> None:
        self.mixture = mixture.astype(np.float32)
        self._mean, self._scale = sample.mean[:, None], sample.scale[:, None]

    def __len__(self) -> int:
        return len(self.mixture.means)

    def shares(self, maps: NDArray[np.float32]) -> NDArray[np.float32]:
        """Posterior probability (classes, n) of voxels by their features (maps, n)."""
        standardised = maps - self._mean
        standardised /= self._scale
        found, _ = posterior(self.mixture.log_densities(standardised))
        return found


def mixture(maps: NDArray[np.float64], count: int, seed: int) -> Generator[Progress, None, Mixture]:
    """Fit a mixture that begins with the classes of k-means.

    Parameters
    ----------
    maps
        (features, n), standardised.
    count
        Number of classes; at least as many voxels must differ.
    seed
        Of the first centres of k-means.

    References
    ----------
    Dempster, Laird and Rubin, J. R. Stat. Soc. B 39, 1977.
    """
    begun = yield from part(kmeans(maps, count, seed, restarts=1), 0.0, 0.2)
    shares = (begun.labels == np.arange(count)[:, None]).astype(np.float64)
    likelihood = -np.inf
    for done in range(ITERATIONS):
        yield Progress(0.2 + 0.8 * done / ITERATIONS, f"{count} classes")
        fitted = maximised(maps, shares)
        before, (shares, logs) = likelihood, posterior(fitted.log_densities(maps))
        likelihood = float(logs.mean())
        if abs(likelihood - before) < TOLERANCE:
            break
    return fitted


def posterior(log_densities: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Probability of each class (classes, n), in place of what is given, and the log-likelihood (n,) of every voxel."""
    largest = log_densities.max(axis=0)
    log_densities -= largest
    np.exp(log_densities, out=log_densities)
    total = log_densities.sum(axis=0)
    log_densities /= total
    return log_densities, largest + np.log(total)


def maximised(maps: NDArray[np.float64], shares: NDArray[np.float64]) -> Mixture:
    """The mixture of the largest likelihood, given how far each voxel belongs to each class (classes, n)."""
    sizes = shares.sum(axis=1) + 10 * np.finfo(np.float64).eps
    means = inner_product(shares, maps) / sizes[:, None]
    whitening = np.empty((len(means), len(maps), len(maps)))
    for into, share, mean, size in zip(whitening, shares, means, sizes, strict=True):
        centred = maps - mean[:, None]
        covariance = inner_product(centred * share, centred) / size
        covariance.flat[:: len(maps) + 1] += REGULARISATION
        into[...] = np.linalg.inv(np.linalg.cholesky(covariance))
    return Mixture(sizes / sizes.sum(), means, whitening)
