"""Ridge on the pairs themselves, for screens so sparse that most drugs met few samples."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, cg

from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import find_scheme
from drugresponse.errors import InputError
from drugresponse.features.drugs import DrugEncoder
from drugresponse.features.samples import SampleEncoder
from drugresponse.learners.base import relative_weights
from drugresponse.learners.factors.embeddings import DrugVectors, SeenFactors
from drugresponse.learners.genotypes_in_memory import training_pairs_for
from drugresponse.learners.likelihood.likeness import structure_likeness
from drugresponse.learners.ridge._variance_components import Components, variance_components
from drugresponse.learners.ridge.linear import FactorRidge
from drugresponse.learners.state import Array

__all__ = ["PairRidge"]

logger = logging.getLogger(__name__)

_MOST_SAMPLES = 6000
"""Likenesses of samples are held as square matrices."""
_TOLERANCE, _MOST_STEPS = 1e-5, 500
_CHUNK = 8192
_ANY, _SAME, _STRUCTURE, _JOINT = "any", "same", "structure", "joint"
"""Likenesses: of everything with everything, of a thing with itself, of structures, and a mixture of the last two."""

_NOISE = "noise"


class PairRidge(FactorRidge):
    """A Gaussian process over (sample, drug) pairs with kernels that are linear in tokens and in structures.

    `response = overall + drug effect + sample effect + tokens + (sample and tokens) x (drug and structure)`, each term
    with a variance of its own that is estimated from how responses go together. Drugs with few measurements lean on
    drugs of like structure, which the ridge on factors of the response matrix cannot do: it needs a matrix with few
    holes. What is kept is coefficients for each token and drug, no training row.

    Of an outcome that is not continuous it is the penalised likelihood of the ridge, in which drugs of like structure
    have like effects too.

    Parameters
    ----------
    scheme
        Split scheme of the deployment; decides whether a prediction has what a drug and a sample have for themselves.
    random_state
        Not used; the fit has no random part.
    """

    reads_blocks = False

    def __init__(self, scheme: str = "random-pairs", random_state: int = 0) -> None:
        self.scheme = scheme
        self.random_state = random_state

    def fit(self, pairs: Pairs, y: Array, sample_weight: Array | None = None) -> PairRidge:
        """Estimate the variances, solve for the pairs, and fold the solution into embeddings."""
        if pairs.observed is not None:
            # variances are moments of residuals on one scale, which slopes of a likelihood are not
            super().fit(pairs, y, sample_weight)
            return self
        pairs = training_pairs_for(self, pairs.compact())
        if pairs.genotypes.shape[0] > _MOST_SAMPLES:
            raise InputError(
                f"pair-ridge: found {pairs.genotypes.shape[0]} samples (expected at most {_MOST_SAMPLES}). "
                "Use another learner, such as ridge."
            )
        weights = relative_weights(sample_weight, len(y))
        tokens = self._encode_samples(pairs).inputs
        self.drug_encoder_ = DrugEncoder().fit(pairs.drugs)
        bits, _ = self.drug_encoder_.transform(pairs.drugs)
        self.overall_ = float(np.average(y, weights=weights))
        kernels = _Kernels.estimate(pairs, y - self.overall_, self.sample_encoder_, tokens, bits)
        dual = kernels.solve(pairs, y - self.overall_, weights)
        self._fold(
            kernels, sparse.csr_array((dual, (pairs.sample_index, pairs.drug_index)), (len(tokens), len(bits))), pairs
        )
        return self

    def _likeness(self, pairs: Pairs, likeness: Array) -> Array:
        bits, _ = DrugEncoder().fit(pairs.drugs).transform(pairs.drugs)
        return np.asarray((likeness + structure_likeness(bits)) / 2, dtype=np.float64)

    def _fold(self, kernels: _Kernels, dual: sparse.csr_array, pairs: Pairs) -> None:
        """Coefficients for each token, and vectors for each drug and seen sample, that give what the kernels give."""
        loadings, structure = kernels.drug_factors()
        of_samples, of_drugs = np.asarray(dual.sum(axis=1)).ravel(), np.asarray(dual.sum(axis=0)).ravel()
        spread = np.asarray(dual @ loadings)
        main, joint = kernels.token_shares(_ANY), kernels.token_shares(_JOINT)
        self.rank_ = loadings.shape[1]
        self.coefficients_ = np.column_stack(
            [main * (kernels.tokens.T @ of_samples), joint[:, None] * (kernels.tokens.T @ spread)]
        )
        self.intercepts_ = np.zeros(1 + self.rank_)
        by_structure = kernels.share(_ANY, _STRUCTURE) * (kernels.bits.T @ of_drugs)
        effects = kernels.share(_ANY, _SAME) * of_drugs + kernels.bits @ by_structure
        own, like = np.column_stack([effects, loadings]), np.column_stack([by_structure, structure])
        self.seen_ = SeenFactors.none()
        if find_scheme(self.scheme).sample_effect:
            known = np.column_stack([kernels.share(_SAME, _ANY) * of_samples, kernels.share(_SAME, _JOINT) * spread])
            self.seen_ = SeenFactors(known, pairs.genotypes.sample_ids.astype(object))
            own = np.column_stack([own, np.ones(len(own)), loadings])
            like = np.column_stack([like, np.zeros(len(like)), structure])
        intercepts = np.zeros(own.shape[1])
        if self.seen_.factors.shape[1]:
            intercepts[1 + self.rank_] = 1.0
        self.drugs_ = DrugVectors(own, pairs.drugs.index, like, intercepts)
        self.block_scales_ = kernels.variance_shares()

    def notes(self) -> dict[str, Any]:
        """The variance that each term explains, as shares of all; of other outcomes what the ridge tells."""
        if _NOISE not in self.block_scales_:
            return super().notes()
        return {"variance_shares": dict(self.block_scales_)}


@dataclass(frozen=True, eq=False)
class _Kernels:
    """Likenesses of samples and of drugs, and the variance that each product of the two explains."""

    tokens: Array
    blocks: Mapping[str, NDArray[np.intp]]
    bits: Array
    own: float
    """Share of what drugs have for themselves in the likeness of drugs that tokens meet; the rest is structure."""
    components: tuple[tuple[str, str], ...]
    variances: Components

    @classmethod
    def estimate(cls, pairs: Pairs, residuals: Array, encoder: SampleEncoder, tokens: Array, bits: Array) -> _Kernels:
        """Variances by how the residuals go together; structure's share in the interactions first, then all."""
        blocks = {f"tokens {name}": columns for name, columns in encoder.block_columns().items()}
        samples = {name: tokens[:, columns] @ tokens[:, columns].T for name, columns in blocks.items()}
        n_samples, n_drugs = len(tokens), len(bits)
        samples |= {_ANY: np.ones((n_samples, n_samples)), _SAME: np.eye(n_samples)}
        drugs = {_ANY: np.ones((n_drugs, n_drugs)), _SAME: np.eye(n_drugs), _STRUCTURE: bits @ bits.T}
        # what samples and drugs have for themselves is in every fit, lest tokens and structures answer for it; a
        # prediction has it where the scheme does
        sides, kinds = [*blocks, _SAME], [_SAME, *([_STRUCTURE] if bits.size else [])]
        main = [*((_ANY, kind) for kind in kinds), *((side, _ANY) for side in sides)]
        # what one sample has with one drug cannot be told from noise
        free = [(a, b) for a in sides for b in kinds if (a, b) != (_SAME, _SAME)]
        shape = n_samples, n_drugs
        grid = sparse.csr_array((residuals, (pairs.sample_index, pairs.drug_index)), shape)
        first = variance_components(grid, samples, drugs, [*main, *free])
        by_kind = dict.fromkeys((_SAME, _STRUCTURE), 0.0)
        for (_, kind), share in zip(free, first.shares[len(main) :], strict=True):
            by_kind[kind] += float(share) * float(np.diag(drugs[kind]).mean())
        total = sum(by_kind.values())
        part = by_kind[_SAME] / total if total > 0 else float(not bits.size)
        drugs[_JOINT] = part * drugs[_SAME] + (1 - part) * drugs[_STRUCTURE]
        components = (*main, *((side, _JOINT) for side in sides))
        return cls(tokens, blocks, bits, part, components, variance_components(grid, samples, drugs, components))

    def share(self, sample: str, drug: str) -> float:
        """Variance of one component, 0 where it was not asked for."""
        shares = dict(zip(self.components, self.variances.shares, strict=True))
        return float(shares.get((sample, drug), 0.0))

    def token_shares(self, drug: str) -> Array:
        """`(n_tokens,)` variance of each token's component with this likeness of drugs."""
        shares = np.zeros(self.tokens.shape[1])
        for name, columns in self.blocks.items():
            shares[columns] = self.share(name, drug)
        return shares

    def drug_factors(self) -> tuple[Array, Array]:
        """`(n_drugs, n_factors)` whose products are the joint likeness, and `(n_bits, n_factors)` for other drugs."""
        _, s, vt = np.linalg.svd(self.bits, full_matrices=False)
        kept = s > 1e-9 * max(float(s.max(initial=0.0)), 1e-300)
        structure = np.sqrt(1 - self.own) * vt[kept].T
        if self.own == 0:
            return self.bits @ structure, structure
        plain = np.sqrt(self.own) * np.eye(len(self.bits))
        return np.hstack([self.bits @ structure, plain]), np.hstack([structure, np.zeros((len(structure), len(plain)))])

    def solve(self, pairs: Pairs, residuals: Array, weights: Array) -> Array:
        """`(n_pairs,)` dual coefficients; a product with the kernel costs pairs times samples, not pairs squared."""
        i, j, n = pairs.sample_index, pairs.drug_index, len(residuals)
        shape = len(self.tokens), len(self.bits)
        of_samples, joint = (
            (self.tokens * self.token_shares(drug)) @ self.tokens.T + self.share(_SAME, drug) * np.eye(shape[0])
            for drug in (_ANY, _JOINT)
        )
        structure = self.bits @ self.bits.T
        of_drugs = self.share(_ANY, _SAME) * np.eye(shape[1]) + self.share(_ANY, _STRUCTURE) * structure
        alike = self.own * np.eye(shape[1]) + (1 - self.own) * structure
        noise = self.variances.noise / weights

        def product(values: Array) -> Array:
            values = values.ravel()
            cells = sparse.csr_array((values, (i, j)), shape)
            sums = of_samples @ np.asarray(cells.sum(axis=1)).ravel(), of_drugs @ np.asarray(cells.sum(axis=0)).ravel()
            spread = np.ascontiguousarray((cells.T @ joint).T)
            covered = sums[0][i] + sums[1][j] + noise * values
            for start in range(0, n, _CHUNK):
                at = slice(start, start + _CHUNK)
                covered[at] += np.einsum("ij,ij->i", spread[i[at]], alike[j[at]])
            return covered

        diagonal = of_samples[i, i] + of_drugs[j, j] + joint[i, i] * alike[j, j] + noise
        scaled = LinearOperator((n, n), matvec=lambda values: values.ravel() / diagonal, dtype=np.float64)
        operator = LinearOperator((n, n), matvec=product, dtype=np.float64)
        dual, left = cg(operator, residuals, rtol=_TOLERANCE, maxiter=_MOST_STEPS, M=scaled)
        if left:
            logger.warning(
                "pair-ridge: the solution is not exact after %d steps; predictions are a little rough.", left
            )
        return np.asarray(dual)

    def variance_shares(self) -> dict[str, float]:
        """The variance of each component and of noise, as shares of their sum, by readable names."""
        shares = {
            f"{a} x {b}": float(share) for (a, b), share in zip(self.components, self.variances.shares, strict=True)
        }
        shares[_NOISE] = self.variances.noise
        total = sum(shares.values())
        return {name: value / total for name, value in shares.items() if value > 0}
