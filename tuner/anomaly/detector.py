"""The kinds of anomaly blocks, their parameters, and how each is fitted."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from tuner.anomaly import scores
from tuner.candidate import Settings
from tuner.config import validated
from tuner.dsp.block import BlockCost, Float32, Operations
from tuner.dsp.code_size import routines
from tuner.errors import ConfigError, TrainingError, nearest
from tuner.record import AnomalyBlock

_FLOAT = 4


class Detector(BaseModel):
    """An anomaly block before it has seen examples."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: ClassVar[str]


class NoDetector(Detector):
    """No anomaly block."""

    type: ClassVar[str] = "none"


class Detecting(Detector):
    """What all anomaly blocks have in common: they read the standardised features of a window."""

    quantile: float = Field(
        default=0.99, gt=0.5, lt=1, description="Share of the training windows whose score the threshold lets pass"
    )

    type: ClassVar[Literal["kmeans", "gmm"]]

    @abstractmethod
    def cost(self, values: int) -> BlockCost:
        """Return what scoring a window of so many features needs on a device."""

    @abstractmethod
    def _tables(self, features: Float32, seed: int) -> dict[str, Float32]:
        """Return what the block learns of examples, N × values."""

    def fit(self, features: Float32, seed: int) -> AnomalyBlock:
        """Learn what is normal.

        Args:
            features: N × values, of normal windows.
            seed: decides where the search for clusters begins.

        Raises:
            TrainingError: there are fewer examples than clusters.
        """
        tables = self._tables(features, seed)
        made = AnomalyBlock(
            self.type, features.shape[1], {name: _numbers(table) for name, table in tables.items()}, threshold=0.0
        )
        threshold = float(np.quantile(scores.of(made, features), self.quantile))
        return AnomalyBlock(made.type, made.values, made.tables, threshold)


class KMeans(Detecting):
    """The distance to the nearest of some centres (k-means)."""

    type: ClassVar[Literal["kmeans", "gmm"]] = "kmeans"

    clusters: int = Field(default=16, ge=1, le=256, description="Centres")

    def cost(self, values: int) -> BlockCost:
        """A subtraction, a product and a sum for each feature and centre; code as compiled, see `scores.SOURCE`."""
        each = self.clusters * values
        return BlockCost(
            operations=Operations(add=2 * each + self.clusters, multiply=each, square_root=1),
            code_bytes=104,
            code_shared=routines("sqrtf"),
            table_bytes=_FLOAT * each,
        )

    def _tables(self, features: Float32, seed: int) -> dict[str, Float32]:
        from sklearn.cluster import KMeans as Model  # noqa: PLC0415 (half a second, and most candidates have no block)

        _check_enough(features, self.clusters)
        model = Model(self.clusters, n_init=4, random_state=seed).fit(features)
        return {"centers": model.cluster_centers_.astype(np.float32)}


class GaussianMixture(Detecting):
    """The negative log-likelihood of a mixture of normal distributions with diagonal covariances."""

    type: ClassVar[Literal["kmeans", "gmm"]] = "gmm"

    components: int = Field(default=4, ge=1, le=64, description="Normal distributions")
    regularization: float = Field(
        default=1e-3, gt=0, le=1, description="Least variance of a feature in a distribution, standardised"
    )

    def cost(self, values: int) -> BlockCost:
        """Two products and sums for each feature and distribution, then a logarithm of a sum of exponentials."""
        each = self.components * values
        return BlockCost(
            operations=Operations(
                add=2 * each + 4 * self.components, multiply=2 * each, transcendental=self.components + 1
            ),
            ram_bytes=_FLOAT * self.components,
            code_bytes=232,
            code_shared=routines("expf", "logf"),
            table_bytes=_FLOAT * (2 * each + self.components),
        )

    def _tables(self, features: Float32, seed: int) -> dict[str, Float32]:
        from sklearn.mixture import GaussianMixture as Model  # noqa: PLC0415

        _check_enough(features, max(self.components, 2))
        model = Model(self.components, covariance_type="diag", reg_covar=self.regularization, random_state=seed).fit(
            features.astype(np.float64)
        )
        scales = 1 / np.sqrt(model.covariances_)
        constants = np.log(model.weights_) + np.log(scales).sum(axis=1) - features.shape[1] / 2 * np.log(2 * np.pi)
        tables = {"centers": model.means_, "scales": scales, "constants": constants}
        return {name: table.astype(np.float32) for name, table in tables.items()}


DETECTORS: Mapping[str, type[Detector]] = MappingProxyType(
    {kind.type: kind for kind in (NoDetector, KMeans, GaussianMixture)}
)
"""Every anomaly block by the name that search spaces and candidates use."""


def detector(settings: Settings) -> Detector:
    """Return the anomaly block with its parameters checked.

    Raises:
        ConfigError: there is no such block or parameter, or a value is outside its limits.
    """
    kind = DETECTORS.get(settings.type)
    if kind is None:
        raise ConfigError(f"no anomaly block is called '{settings.type}'", hint=nearest(settings.type, DETECTORS))
    return validated(kind, settings, source=f"anomaly block '{kind.type}'")


def _check_enough(features: Float32, clusters: int) -> None:
    if len(features) < clusters:
        raise TrainingError(f"{len(features)} normal windows cannot make {clusters} clusters")


def _numbers(table: Float32) -> tuple[float, ...]:
    return tuple(float(str(value)) for value in table.ravel())  # the shortest decimals that read back the same
