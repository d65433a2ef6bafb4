"""What anyone could write in an afternoon with scikit-learn, XGBoost and NumPy: the references to beat.

Nothing here uses the learners of the package, so that a change of theirs leaves the measured references valid.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from benchmarks.columns import SampleColumns, morgan_bits
from drugresponse.data.pairs import Pairs

__all__ = ["REFERENCES", "Reference", "Regressor"]

Array = NDArray[np.float64]
_ALPHAS = 10.0 ** np.arange(-1, 5.01, 0.5)
_SEED = 0
_COPY_NUMBER = {"gain", "loss", "amp", "del", "copy_number"}


class Regressor(Protocol):
    def fit(self, pairs: Pairs, y: Array) -> Any: ...

    def predict(self, pairs: Pairs) -> Array: ...


@dataclass(frozen=True)
class Reference:
    """A reference as the benchmark knows it.

    Attributes
    ----------
    name
        As in the table.
    make
        Gives an unfitted one.
    known_drugs
        Needs a drug to be in training.
    structures
        Needs the structure of every drug.
    most_drugs
        Is asked only where there are no more drugs.
    most_rows
        With more training rows it is run on fold 0 only.
    """

    name: str
    make: Callable[[], Regressor]
    known_drugs: bool = True
    structures: bool = False
    most_drugs: int | None = None
    most_rows: int | None = None


class PerDrug:
    """One model for each drug; a drug with fewer than 5 training rows gets its mean, an unseen one the overall mean."""

    def __init__(self, make: Callable[[], Any], fewest: int = 5) -> None:
        self.make, self.fewest = make, fewest

    def fit(self, pairs: Pairs, y: Array) -> PerDrug:
        self.columns = SampleColumns().fit(pairs)
        X, self.overall = self.columns.matrix(pairs), float(y.mean())
        self.models: dict[str, Any] = {}
        for drug in pairs.used_drugs():
            at = np.flatnonzero(pairs.drug_index == drug)
            name = str(pairs.drugs.index[drug])
            self.models[name] = (
                self.make().fit(X[pairs.sample_index[at]], y[at]) if len(at) >= self.fewest else float(y[at].mean())
            )
        return self

    def predict(self, pairs: Pairs) -> Array:
        X, predicted = self.columns.matrix(pairs), np.full(len(pairs), self.overall)
        for drug in pairs.used_drugs():
            model = self.models.get(str(pairs.drugs.index[drug]), self.overall)
            at = np.flatnonzero(pairs.drug_index == drug)
            predicted[at] = model if isinstance(model, float) else model.predict(X[pairs.sample_index[at]])
        return predicted


class Concatenated:
    """One model of rows that hold genotype, covariates and Morgan bits side by side."""

    def __init__(self, make: Callable[[], Any], n_bits: int = 1024, dense: bool = False) -> None:
        self.make, self.n_bits, self.dense = make, n_bits, dense

    def fit(self, pairs: Pairs, y: Array) -> Concatenated:
        self.columns = SampleColumns().fit(pairs)
        bits = morgan_bits(pairs.drugs["smiles"], self.n_bits)[pairs.used_drugs()]
        self.bits = np.flatnonzero(bits.max(axis=0) > bits.min(axis=0))
        self.model = self.make().fit(self._rows(pairs), y)
        return self

    def predict(self, pairs: Pairs) -> Array:
        return np.asarray(self.model.predict(self._rows(pairs)), dtype=np.float64)

    def _rows(self, pairs: Pairs) -> Any:
        samples = sparse.csr_array(self.columns.matrix(pairs).astype(np.float32))
        drugs = sparse.csr_array(morgan_bits(pairs.drugs["smiles"], self.n_bits)[:, self.bits])
        rows = sparse.hstack([samples[pairs.sample_index], drugs[pairs.drug_index]], format="csr")
        return rows.toarray() if self.dense else rows


class FactorKernelRidge:
    """Drug mean plus ridge in kernel form on the principal factors of the drug-centred response matrix.

    The kernel is a weighted sum of the linear kernels of the covariates, the mutations and the copy number, each with a
    mean diagonal of 1. Each factor has the penalty that leaves least error when a sample is left out.
    """

    penalties = 10.0 ** np.arange(-2, 3.01, 0.25)
    weights: ClassVar[dict[str, float]] = {"tissue": 1.0, "mutations": 0.3, "copy number": 0.3}

    def fit(self, pairs: Pairs, y: Array) -> FactorKernelRidge:
        pairs = pairs.compact()
        self.columns = SampleColumns().fit(pairs)
        norms = {name: (block**2).sum(axis=1).mean() for name, block in self._blocks(pairs).items()}
        self.scales = {name: np.sqrt(self.weights.get(name, 0.5) / norm) for name, norm in norms.items()}
        self.tokens = self._tokens(pairs)
        values, known = np.zeros((2, len(self.tokens), len(pairs.drugs)))
        values[pairs.sample_index, pairs.drug_index] = y
        known[pairs.sample_index, pairs.drug_index] = 1
        self.means = pd.Series(values.sum(axis=0) / known.sum(axis=0), index=pairs.drugs.index)
        filled = _filled(known * (values - self.means.to_numpy()), known > 0)
        left, sizes, self.loadings = np.linalg.svd(filled, full_matrices=False)
        self.overall, self.dual = float(y.mean()), self._ridge(self.tokens @ self.tokens.T, left * sizes)
        return self

    def predict(self, pairs: Pairs) -> Array:
        shared = (self._tokens(pairs) @ self.tokens.T) @ self.dual @ self.loadings
        at = self.means.index.get_indexer(pairs.drugs.index)
        grid = shared[:, at] + self.means.to_numpy()[at]
        grid[:, at < 0] = self.overall
        return np.asarray(grid[pairs.sample_index, pairs.drug_index])

    def _blocks(self, pairs: Pairs) -> dict[str, Array]:
        parts: dict[str, list[Array]] = {}
        for name, columns in self.columns.blocks(pairs).items():
            genotype = "copy number" if name.removeprefix("genotype ") in _COPY_NUMBER else "mutations"
            parts.setdefault(genotype if name.startswith("genotype ") else name, []).append(columns)
        return {name: np.hstack(columns) for name, columns in parts.items()}

    def _tokens(self, pairs: Pairs) -> Array:
        return np.hstack([block * self.scales[name] for name, block in self._blocks(pairs).items()])

    def _ridge(self, kernel: Array, targets: Array) -> Array:
        roots, vectors = np.linalg.eigh(kernel)
        roots, projected = np.maximum(roots, 0), vectors.T @ targets
        best, dual = np.full(targets.shape[1], np.inf), np.zeros_like(targets)
        for penalty in self.penalties:
            inverse = vectors @ (projected / (roots + penalty)[:, None])
            left_out = inverse / ((vectors**2) @ (1 / (roots + penalty)))[:, None]
            loss = (left_out**2).mean(axis=0)
            better = loss < best
            best[better], dual[:, better] = loss[better], inverse[:, better]
        return dual


def _filled(residuals: Array, known: NDArray[np.bool_], rank: int = 20, rounds: int = 20) -> Array:
    """Missing cells by the shrunken low-rank part of the rest (Mazumder et al. 2010, soft-impute)."""
    filled = residuals
    for _ in range(rounds if min(residuals.shape) > rank else 0):
        left, sizes, right = np.linalg.svd(filled, full_matrices=False)
        low = (left[:, :rank] * (sizes[:rank] - sizes[rank])) @ right[:rank]
        filled = np.where(known, residuals, low)
    return filled


class GaussianKernelRidge:
    """Ridge with a Gaussian kernel; width and penalty leave least error when a row is left out."""

    widths = 2.0 ** np.arange(-3, 4.01)
    penalties = 10.0 ** np.arange(-3, 1.01, 0.25)

    def fit(self, X: Array, y: Array) -> GaussianKernelRidge:
        spread = X.std(axis=0)
        self.kept = spread > 0
        self.rows, self.mean = X[:, self.kept], float(y.mean())
        distances = self._distances(self.rows)
        self.unit = float(np.median(distances[distances > 0])) if (distances > 0).any() else 1.0
        best = np.inf
        for width in self.widths:
            roots, vectors = np.linalg.eigh(np.exp(-distances / (self.unit * width)))
            projected = vectors.T @ (y - self.mean)
            for penalty in self.penalties:
                inverse = 1 / (np.maximum(roots, 0) + penalty)
                dual = vectors @ (projected * inverse)
                loss = float(np.mean((dual / ((vectors**2) @ inverse)) ** 2))
                if loss < best:
                    best, self.dual, self.width = loss, dual, width
        return self

    def predict(self, X: Array) -> Array:
        return self.mean + np.exp(-self._distances(X[:, self.kept]) / (self.unit * self.width)) @ self.dual

    def _distances(self, X: Array) -> Array:
        squares = (X**2).sum(axis=1)[:, None] + (self.rows**2).sum(axis=1) - 2 * X @ self.rows.T
        return np.asarray(np.maximum(squares, 0))


def _boosted(**settings: Any) -> Callable[[], Any]:
    def make() -> Any:
        from xgboost import XGBRegressor

        return XGBRegressor(tree_method="hist", random_state=_SEED, **settings)

    return make


def _forest() -> Any:
    from sklearn.ensemble import RandomForestRegressor

    return RandomForestRegressor(50, max_samples=0.2, max_features=1 / 3, min_samples_leaf=2, random_state=_SEED)


def _ridge() -> Any:
    from sklearn.linear_model import RidgeCV

    return RidgeCV(_ALPHAS)


_PER_DRUG_TREES = {
    "n_estimators": 200,
    "max_depth": 4,
    "learning_rate": 0.05,
    "subsample": 0.8,
    "colsample_bytree": 0.5,
}
_PAIR_TREES = {"n_estimators": 500, "max_depth": 6, "learning_rate": 0.1, "subsample": 0.8, "colsample_bytree": 0.5}
_LARGE = 50_000

_ALL = (
    Reference("factor kernel ridge", FactorKernelRidge),
    Reference("Gaussian-kernel ridge per drug", lambda: PerDrug(GaussianKernelRidge), most_drugs=30),
    Reference("ridge per drug", lambda: PerDrug(_ridge)),
    Reference("XGBoost per drug", lambda: PerDrug(_boosted(**_PER_DRUG_TREES)), most_rows=_LARGE),
    Reference(
        "XGBoost, concatenated",
        lambda: Concatenated(_boosted(**_PAIR_TREES)),
        known_drugs=False,
        structures=True,
    ),
    Reference(
        "random forest, concatenated",
        lambda: Concatenated(_forest, dense=True),
        known_drugs=False,
        structures=True,
        most_rows=_LARGE,
    ),
)
REFERENCES: Mapping[str, Reference] = {each.name: each for each in _ALL}
