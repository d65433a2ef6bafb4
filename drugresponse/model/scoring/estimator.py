"""A model bound to its tables, so that scikit-learn can cut, search and score it: `X` are pairs of ids."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.utils import ClassifierTags, RegressorTags
from sklearn.utils.validation import check_is_fitted

from drugresponse.data.conversion.frames import FrameLike, as_pandas
from drugresponse.data.conversion.observations import genotypes_and_samples
from drugresponse.data.conversion.subjects import subjects_of
from drugresponse.data.genotypes import GenotypesLike
from drugresponse.data.ids import clean_ids
from drugresponse.data.joining import lineages_of
from drugresponse.data.lineages.lineages import lineage_column_of
from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import find_scheme
from drugresponse.data.tables import Measure, Responses, index_by_id
from drugresponse.errors import InputError, show_ids
from drugresponse.shown import Shown

__all__ = ["PairEstimator"]

_IDS = ["sample_id", "drug_id"]
_BESIDE = ("censor", "weight", "study", "event", "entry")
_WITH_CLASSES = ("binary", "ordinal")


class PairEstimator(Shown, BaseEstimator):
    """A `DrugResponseModel` with its tables, in the manners of scikit-learn.

    `X` is a frame with the columns (or index) `sample_id` and `drug_id`, and perhaps `censor`, `weight`, `study`,
    `event` or `entry`; it may be cut by rows. `y` are the responses of its rows. Genotypes, drugs and samples are
    looked up by id; copies of the estimator share them.

    Random folds part the drugs of a sample, and a model that knows the sample is flattered. `groups` gives what must
    stay together, for `GroupKFold` and the like.

    Parameters
    ----------
    model
        The `DrugResponseModel`, which is cloned before it is fitted; its parameters are `model__...`.
    genotypes, drugs, samples
        As for its `fit`.
    measure
        What a response means.

    Attributes
    ----------
    model_
        The model, fitted.
    classes_ : numpy.ndarray
        The words of the classes, of an outcome that has any, sorted as scikit-learn sorts labels: its scorers rely on
        that. The model's own are lowest first.

    Examples
    --------
    >>> import drugresponse as dr
    >>> from sklearn.model_selection import GroupKFold, cross_val_score
    >>> cohort = dr.simulate_cohort(n_samples=60, n_drugs=3, n_features=20)
    >>> estimator = dr.DrugResponseModel("ridge", folds=0).as_estimator(cohort.genotypes, samples=cohort.samples)
    >>> X, y = cohort.responses.table[["sample_id", "drug_id"]], cohort.responses.table["response"]
    >>> cross_val_score(estimator, X, y, groups=estimator.groups(X), cv=GroupKFold(3)).shape
    (3,)
    """

    def __init__(
        self,
        model: Any,
        genotypes: GenotypesLike,
        *,
        drugs: FrameLike | None = None,
        samples: FrameLike | None = None,
        measure: Measure | None = None,
    ) -> None:
        self.model = model
        self.genotypes = genotypes
        self.drugs = drugs
        self.samples = samples
        self.measure = measure

    def _headline(self) -> str:
        return f"PairEstimator of {repr(self.model).splitlines()[0]}"

    def _facts(self) -> dict[str, str]:
        fitted = repr(self.model_).splitlines()[1:] if hasattr(self, "model_") else ["fitted: not yet"]
        return dict(line.strip().split(": ", 1) for line in fitted)

    def __sklearn_clone__(self) -> PairEstimator:
        """The same unfitted: tables are shared, as nothing changes them."""
        return PairEstimator(clone(self.model), self.genotypes, **self._tables(), measure=self.measure)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        fitted = getattr(self, "model_", None)
        kind = self.model.outcome if fitted is None else fitted.parts_.outcome.kind
        if kind in _WITH_CLASSES:
            tags.estimator_type, tags.classifier_tags = "classifier", ClassifierTags()
        else:
            tags.estimator_type, tags.regressor_tags = "regressor", RegressorTags()
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    @property
    def classes_(self) -> NDArray[np.object_]:
        """The words of the classes of an outcome that has any, sorted as scikit-learn sorts labels."""
        return np.asarray(np.sort(self._fitted().classes_))

    def fit(self, X: FrameLike, y: Any) -> PairEstimator:
        """Train on the responses of pairs.

        Parameters
        ----------
        X
            As the class tells.
        y
            `(n_rows,)` responses, as the model's `fit` takes them; times where `X` has a column `event`.

        Raises
        ------
        InputError
            As of the model's `fit`; or `X` lacks the ids.
        """
        responses = self._responses(X, y)
        self.model_ = clone(self.model).fit(self.genotypes, responses, **self._tables())
        return self

    def predict(self, X: FrameLike) -> NDArray[Any]:
        """`(n_rows,)` predictions, or the words of classes; NaN where too few features of a sample are known.

        Parameters
        ----------
        X
            As the class tells.
        """
        model, ids = self._fitted(), _ids_of(X)
        table = model.predict(self.genotypes, pairs=ids, **self._tables())
        name = "class" if model.parts_.outcome.kind == "binary" else "prediction"
        return np.asarray(table[name].to_numpy()[_places(table, ids)])

    def predict_proba(self, X: FrameLike) -> NDArray[np.float64]:
        """`(n_rows, n_classes)` probabilities of the classes, in the order of `classes_`.

        Parameters
        ----------
        X
            As the class tells.
        """
        model, ids = self._fitted(), _ids_of(X).drop_duplicates(ignore_index=True)
        shares = model.predict_proba(self.genotypes, pairs=ids, **self._tables())
        return np.asarray(shares[_places(ids, _ids_of(X))][:, np.argsort(model.classes_)])

    def score(self, X: FrameLike, y: Any) -> float:
        """The skill against the best naive prediction, as the model's `score`.

        Parameters
        ----------
        X, y
            As for `fit`.
        """
        model = self._fitted()
        rows = self._rows(X, y)
        responses = Responses.build(rows, self.measure, outcome=model.parts_.outcome)
        return float(model.score(self.genotypes, responses, **self._tables()))

    def groups(self, X: FrameLike) -> NDArray[np.intp]:
        """`(n_rows,)` number of what must stay on one side of every split, by the model's scheme.

        Subjects (`subject_id` of the samples table, else samples), structures of drugs, tissues, or lineages (of their
        column, else made from genotype), or studies (column `study` of X). Where both samples and drugs are new, these
        are the subjects alone, and folds of scikit-learn share drugs.

        Parameters
        ----------
        X
            As the class tells.
        """
        ids = _ids_of(X)
        genotypes, given = genotypes_and_samples(self.genotypes, self.samples)
        samples = None if given is None else index_by_id(given, "sample_id", where="samples")
        drugs = pd.DataFrame(index=pd.Index(ids["drug_id"].unique(), name="drug_id"))
        if self.drugs is not None:
            drugs = index_by_id(self.drugs, "drug_id", where="drugs").reindex(drugs.index)
        table = pd.DataFrame(index=genotypes.sample_ids) if samples is None else samples
        pairs = Pairs.build(genotypes.without_features(), table, drugs, ids, subjects_of(table))
        if self.model.scheme == "new-lineages":
            ordered = table.reindex(genotypes.sample_ids)
            column = lineage_column_of(ordered, self.model.lineage_column)
            lineages = lineages_of(ordered, column, genotypes, self.model.scheme)
            pairs = pairs if lineages is None else replace(pairs, lineages=lineages.numbers)
        if self.model.scheme == "new-studies" and "study" in (frame := as_pandas(X, "X")).columns:
            pairs = replace(pairs, studies=frame["study"].astype(str).to_numpy(dtype=object))
        held_out = find_scheme(self.model.scheme).held_out
        return np.asarray(held_out[0].of_pair(pairs) if held_out else np.arange(len(ids)), dtype=np.intp)

    def _tables(self) -> dict[str, Any]:
        return {"drugs": self.drugs, "samples": self.samples}

    def _fitted(self) -> Any:
        check_is_fitted(self)
        return self.model_

    def _rows(self, X: FrameLike, y: Any) -> pd.DataFrame:
        frame, ids = as_pandas(X, "X"), _ids_of(X)
        values = pd.Series(y).reset_index(drop=True) if isinstance(y, pd.Series) else pd.Series(np.asarray(y))
        if len(values) != len(ids):
            raise InputError(f"y: found {len(values)} responses (expected {len(ids)}, as many as X has rows).")
        beside = {name: frame[name].to_numpy() for name in _BESIDE if name in frame.columns}
        return ids.assign(**beside, **{"time" if "event" in beside else "response": values})

    def _responses(self, X: FrameLike, y: Any) -> Responses:
        rows = self._rows(X, y)
        return Responses.build(rows, self.measure, outcome=self.model.outcome, classes=self.model.classes)


def _ids_of(X: FrameLike) -> pd.DataFrame:
    frame = as_pandas(X, "X", " with the columns sample_id and drug_id")
    frame = frame.reset_index() if set(_IDS) & set(frame.index.names) else frame
    absent = [name for name in _IDS if name not in frame.columns]
    if absent:
        raise InputError(
            f'X: found no column "{absent[0]}" (its columns are {show_ids(frame.columns, 8)}). Rename the columns of '
            "ids."
        )
    return pd.DataFrame({name: clean_ids(frame[name], "X") for name in _IDS}).reset_index(drop=True)


def _places(table: pd.DataFrame, ids: pd.DataFrame) -> NDArray[np.intp]:
    """Where each pair stands in a table of distinct pairs."""
    known = pd.MultiIndex.from_frame(table[_IDS])
    return np.asarray(known.get_indexer(pd.MultiIndex.from_frame(ids)), dtype=np.intp)
