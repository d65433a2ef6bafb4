"""A learner on a fold: fitted on the training rows alone, and kept as a file when it is done."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.joining import TrainingRows
from drugresponse.data.pairs import Pairs
from drugresponse.data.surveys.survey import survey_of
from drugresponse.errors import InputError, show_ids
from drugresponse.evaluation.folds import PlannedFold
from drugresponse.evaluation.rules.rule_learner import RuleLearner
from drugresponse.features.alignment import align
from drugresponse.features.genotype_kernels import known_of_variance
from drugresponse.learners.base import PairRegressor, predictions_of
from drugresponse.learners.genotypes_in_memory import training_pairs_for
from drugresponse.learners.prior.prior import Prior
from drugresponse.learners.prior.prior_learner import PriorLearner, takes_prior
from drugresponse.learners.registry import make_learner
from drugresponse.learners.studies.study_learner import StudyLearner
from drugresponse.model.feature_weights import share_of_weight, weights_of_rows
from drugresponse.model.response_scales.response_scale import IDENTITY
from drugresponse.model.response_scales.scaled_learner import ScaledLearner
from drugresponse.outputs import output_files
from drugresponse.threads import one_thread
from drugresponse.version import __version__

__all__ = ["Contender", "UnitResult", "UnitStore", "contenders", "run_unit"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Contender:
    """A learner under its name: one of the registry with settings, or an estimator of the user's own.

    Attributes
    ----------
    name
        In every table.
    settings
        For a learner of the registry.
    estimator
        A `PairRegressor`, cloned for each fold; None for a learner of the registry.
    prior
        What it starts from, if anything.
    """

    name: str
    settings: Mapping[str, Any]
    estimator: PairRegressor | None = None
    prior: Prior | None = None

    def fresh(self) -> PairRegressor:
        """An unfitted learner."""
        learner = self._bare()
        if self.prior is not None:
            return PriorLearner(learner, self.prior, self.settings["scheme"], self.settings["random_state"])
        return self._on_scale(learner)

    def takes_prior(self) -> bool:
        """Whether it is a learner that uses genotype."""
        learner = self._bare()
        return takes_prior(learner) and not isinstance(learner, RuleLearner)

    def _bare(self) -> PairRegressor:
        return make_learner(self.name, self.settings) if self.estimator is None else clone(self.estimator)

    def _on_scale(self, learner: PairRegressor) -> PairRegressor:
        if self.settings.get("scheme") == "new-studies":
            return StudyLearner(learner, self.settings.get("reference_study"))
        scale = self.settings.get("response_scale", IDENTITY)
        if scale == IDENTITY or isinstance(learner, RuleLearner):
            return learner
        return ScaledLearner(learner, scale, self.settings["scheme"], self.settings["random_state"])

    def fingerprint(self) -> str:
        """Text that changes with everything that may change its predictions."""
        learner, scale = self._bare(), self.settings.get("response_scale", IDENTITY)
        parameters = {name: value for name, value in learner.get_params().items() if name not in ("n_jobs", "device")}
        prior = "" if self.prior is None else f" {self.prior!r}"
        words = json.dumps(parameters, sort_keys=True, default=repr)
        on_study = f" of {study}" if (study := self.settings.get("reference_study")) else ""
        return f"{type(learner).__module__}.{type(learner).__qualname__} {words} {scale}{on_study}{prior}"


@dataclass(frozen=True, eq=False)
class UnitResult:
    """What one learner predicted for one fold's test rows.

    Attributes
    ----------
    predicted, share_known
        `(n_test,)` predictions, and the share of the learner's genotype weight that was known for each.
    response_scale
        On which the responses were learned; predictions are in the user's unit.
    """

    predicted: NDArray[np.float64]
    share_known: NDArray[np.float64]
    response_scale: str = IDENTITY


def contenders(
    learners: Sequence[str] | Mapping[str, PairRegressor | None], settings: Mapping[str, Any]
) -> list[Contender]:
    """The learners asked for, by name, or by name with an estimator (None takes the registry's)."""
    named = learners if isinstance(learners, Mapping) else dict.fromkeys(learners)
    made = [Contender(str(name), dict(settings), estimator) for name, estimator in named.items()]
    for contender in made:
        contender.fresh()
    return made


def run_unit(contender: Contender, planned: PlannedFold, rows: TrainingRows) -> UnitResult:
    """Fit and predict; the training part holds no table row of a sample or drug that only the test part has."""
    train, test = rows.pairs[planned.train].compact(), rows.pairs[planned.test].compact()
    with one_thread():
        learner = contender.fresh()
        learner.fit(training_pairs_for(learner, train), rows.y[planned.train], rows.weights[planned.train])
        predicted = predictions_of(learner, test, f"{contender.name}: repeat {planned.repeat}, fold {planned.fold}")
    scale = learner.scale_.name if isinstance(learner, ScaledLearner) else IDENTITY
    return UnitResult(predicted, _share_known(learner, train, test)[test.sample_index], scale)


def _share_known(learner: PairRegressor, train: Pairs, test: Pairs) -> NDArray[np.float64]:
    """`(n_samples,)` share of the learner's genotype weight that is known of each test sample.

    Of stored genotypes it is the share of the features' variance, which is learned once for all folds: weights would
    take passes over the file for each. Where effects are many and small, as a ridge's, the two are alike.
    """
    features = train.genotypes.features
    if learner.reads_blocks and test.genotypes.is_stored:
        if learner.trained_features().empty:
            return np.ones(test.genotypes.shape[0])
        return known_of_variance(test.genotypes)
    weights = weights_of_rows(learner, features)
    return share_of_weight(weights, test.genotypes, align(test.genotypes.features, features))


class UnitStore:
    """Finished units as files, named by a digest of all that their numbers depend on, with a checksum of both."""

    def __init__(self, folder: Path, rows: TrainingRows, scheme: str) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"resume: cannot make {folder} ({error.strerror}). Name another folder.") from error
        self.folder = folder
        self.data = f"{__version__} {scheme} {_digest_of_rows(rows)}"

    def find(self, units: Sequence[tuple[Contender, PlannedFold]]) -> dict[int, UnitResult]:
        """Finished units by their place; what is not whole is named, and left for another run."""
        results: dict[int, UnitResult] = {}
        damaged: list[str] = []
        for at, unit in enumerate(units):
            path = self._path(*unit)
            if not path.exists():
                continue
            try:
                results[at] = _read_unit(path, len(unit[1].test))
            except Exception:  # of a damaged archive, numpy raises nearly everything there is
                damaged.append(path.name)
        if damaged:
            logger.warning(
                f"resume: {show_ids(damaged)} in {self.folder} cannot be used (damaged, or of another version or "
                "unit); made again."
            )
        return results

    def keep(self, contender: Contender, planned: PlannedFold, result: UnitResult) -> None:
        """Write a finished unit, whole or not at all."""
        path = self._path(contender, planned)
        checksum = np.frombuffer(_checksum(path, result), np.uint8)
        with output_files({"resume": path}) as temporary, temporary["resume"].open("wb") as file:
            scale = np.frombuffer(result.response_scale.encode(), np.uint8)
            np.savez(file, predicted=result.predicted, found=result.share_known, scale=scale, checksum=checksum)

    def _path(self, contender: Contender, planned: PlannedFold) -> Path:
        digest = hashlib.sha256(f"{self.data} {contender.fingerprint()}".encode())
        for part in (planned.train, planned.test):
            digest.update(np.ascontiguousarray(part, dtype="<i8").tobytes())
            digest.update(b"|")
        return self.folder / f"{digest.hexdigest()[:32]}.npz"


def _read_unit(path: Path, n_rows: int) -> UnitResult:
    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        result = UnitResult(arrays["predicted"], arrays["found"], arrays["scale"].tobytes().decode())
        if arrays["checksum"].tobytes() != _checksum(path, result) or len(result.predicted) != n_rows:
            raise ValueError
    return result


def _checksum(path: Path, result: UnitResult) -> bytes:
    """Of the numbers and of the name of their unit, so that no file stands for another."""
    digest = hashlib.sha256(f"{path.name} {result.response_scale}".encode())
    for array in (result.predicted, result.share_known):
        digest.update(f"{array.dtype.str} {array.shape}".encode() + array.tobytes())
    return digest.digest()


def _genotype_arrays(genotypes: Genotypes) -> tuple[NDArray, ...]:
    """What tells genotypes from others; of stored ones keys of their rows, which are made of every call."""
    matrix = genotypes.values
    return (survey_of(genotypes).row_keys,) if genotypes.is_stored else (matrix.data, matrix.indices, matrix.indptr)


def _digest_of_rows(rows: TrainingRows) -> str:
    pairs = rows.pairs
    digest = hashlib.sha256()
    of_pairs = (pairs.sample_index, pairs.drug_index, rows.y, rows.weights)
    for array in (*_genotype_arrays(pairs.genotypes), *of_pairs):
        digest.update(np.ascontiguousarray(array).tobytes())
    for table in (pairs.genotypes.features, pairs.covariates, pairs.drugs):
        digest.update(table.to_csv(sep="\t").encode())
    digest.update("\n".join(pairs.subjects).encode())
    if pairs.arm is not None:
        digest.update(f"arm {pairs.arm}".encode())
    if pairs.studies is not None:
        digest.update("\n".join(["studies", *pairs.studies]).encode())
    if pairs.lineages is not None:
        digest.update(b"lineages" + np.ascontiguousarray(pairs.lineages, dtype="<i8").tobytes())
    observed = pairs.observed
    if observed is not None:
        digest.update(repr(observed.outcome).encode())
        for name in ("lower", "upper", "happened", "entry"):
            values = getattr(observed, name)
            digest.update(name.encode() + (b"" if values is None else np.ascontiguousarray(values).tobytes()))
    return digest.hexdigest()
