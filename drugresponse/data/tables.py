"""The tables beside the genotypes: samples, drugs, responses and what the responses measure."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np
import pandas as pd

from drugresponse.data.column_names import name_words
from drugresponse.data.conversion.frames import FrameLike, as_pandas, is_frame
from drugresponse.data.ids import clean_ids, warn_of_alike
from drugresponse.data.outcomes.limits import place_between
from drugresponse.data.outcomes.measure import Measure
from drugresponse.data.outcomes.outcome import CONTINUOUS, Outcome
from drugresponse.data.outcomes.requested import AUTO, ClassesLike, OutcomeLike, Requested
from drugresponse.data.responses.cells import numbers_of
from drugresponse.data.responses.kinds import refuse_missing_code, refuse_unnamed_drugs
from drugresponse.data.responses.reading import OutcomeRows, are_dilutions, read_outcome, rows_of_times
from drugresponse.data.responses.repeats import RESPONSE_COLUMNS, merge_and_warn, no_replicates
from drugresponse.data.responses.signs import with_signs
from drugresponse.data.responses.wide import are_same_classes, are_same_limits, melt_drugs
from drugresponse.errors import InputError, count, show_ids
from drugresponse.shown import Shown

__all__ = ["Measure", "Responses", "ResponsesLike", "as_responses", "index_by_id"]

logger = logging.getLogger(__name__)

ONLY_DRUG = "drug"
"""The id given to the drug of a response table that has no drug column."""
_INSTEAD = (("time", "event"), ("lower", "upper"))
"""Columns that may stand in place of the response."""
_LARGEST = 1e30


@dataclass(frozen=True, eq=False, repr=False)
class Responses(Shown):
    """Measured responses, one row for each distinct (sample, drug).

    Attributes
    ----------
    table
        Columns `sample_id, drug_id` (text), `response, weight` (float64), `censor` (`none`, `left`, `right`) and
        `study` (text); ordered by sample and drug; no row is missing.
    measure
        What the numbers mean.
    outcome
        What a response is. The table of an interval outcome also has `lower` and `upper`, and that of a time
        `happened` (bool) and `entry`, as `Observed` tells.
    by_study
        As `table`, one row for each sample, drug and study, where there are several studies; else None.
    n_repeated
        How many rows of the input were averaged away because their pair was measured more than once.
    replicates
        One row for each pair that was measured more than once, in the order of `table`: columns `sample_id, drug_id`
        (text), `n` (int64, measurements), `variance` (float64, unbiased variance of its measurements, each counted
        once whatever its weight) and `weight` (float64, sum of their weights).

    Examples
    --------
    >>> rows = pd.DataFrame({"sample_id": ["s1", "s1"], "drug_id": ["d", "d"], "response": [1.0, 3.0]})
    >>> responses = Responses.build(rows)
    >>> responses.table["response"].tolist(), responses.n_repeated
    ([2.0], 1)
    >>> responses.replicates["variance"].tolist()
    [2.0]
    """

    table: pd.DataFrame
    measure: Measure = field(default_factory=Measure)
    n_repeated: int = 0
    replicates: pd.DataFrame = field(default_factory=no_replicates)
    outcome: Outcome = CONTINUOUS
    by_study: pd.DataFrame | None = None

    @classmethod
    def build(
        cls,
        rows: FrameLike,
        measure: Measure | None = None,
        *,
        where: str = "responses",
        outcome: OutcomeLike = AUTO,
        classes: ClassesLike = None,
    ) -> Responses:
        """Check, complete and order response rows; repeated pairs become one, as the outcome has it.

        Parameters
        ----------
        rows
            Columns `sample_id` and `response`, and `drug_id`, `censor`, `weight` and `study` where there are any; in
            place of the response `lower` and `upper`, or `time`, `event` and perhaps `entry`. Rows with a missing
            response are dropped.
        measure
            What a response means.
        where
            Names the source in errors.
        outcome
            Kind of the outcome; `auto` tells it by what the responses hold. Or the outcome of a model.
        classes
            Lowest response first, such as `"S<I<R"` or a list; None takes the usual order of the words.

        Raises
        ------
        InputError
            A column is absent, a response is none of the outcome's, a weight is negative, or no row is left.
        """
        measure = measure or Measure()
        read = _read_rows(as_pandas(rows, where), measure, Requested.of(outcome, classes), where)
        table = read.table[read.table["response"].notna()]
        _refuse_bad_responses(table, read.outcome, where)
        table = table[table["weight"] > 0]
        if table.empty:
            raise InputError(f"{where}: found no measured response (expected at least one). Fill the response column.")
        merged, replicates, by_study = merge_and_warn(table, read.outcome, where)
        n_repeated, measure = len(table) - len(merged), _directed(measure, read, where)
        return cls(merged, measure, n_repeated, replicates, read.outcome, by_study)

    def apart_by_study(self) -> Responses:
        """The same with a row for each sample, drug and study; without `replicates`, which are over studies."""
        if self.by_study is None:
            return self
        n_repeated = self.n_repeated + len(self.table) - len(self.by_study)
        return replace(self, table=self.by_study, n_repeated=n_repeated, replicates=no_replicates(), by_study=None)

    def select(self, *, samples: Iterable[str] | None = None, drugs: Iterable[str] | None = None) -> Responses:
        """The responses of these samples and drugs. A cut of `table` would lose what its numbers mean.

        Parameters
        ----------
        samples, drugs
            Ids to keep, in any order; None keeps all. Ids without a response are passed over.

        Raises
        ------
        InputError
            No response is of them.

        Examples
        --------
        >>> import drugresponse as dr
        >>> responses = dr.datasets.load_antibiogram().responses
        >>> responses.select(samples=["I0001", "I0002"]).outcome.classes
        ('S', 'R')
        """
        wanted = {name: set(ids) for name, ids in (("sample_id", samples), ("drug_id", drugs)) if ids is not None}

        def kept(rows: pd.DataFrame) -> pd.DataFrame:
            of_all = np.logical_and.reduce([rows[name].isin(ids) for name, ids in wanted.items()])
            return rows[of_all].reset_index(drop=True) if wanted else rows

        table, replicates = kept(self.table), kept(self.replicates)
        if table.empty:
            raise InputError("select: found no response of these samples and drugs. Compare their ids with `table`.")
        by_study = None if self.by_study is None else kept(self.by_study)
        n_repeated = int((replicates["n"] - 1).sum())
        return replace(self, table=table, replicates=replicates, n_repeated=n_repeated, by_study=by_study)

    def __len__(self) -> int:
        return len(self.table)

    def _headline(self) -> str:
        samples, drugs = (count(self.table[name].nunique(), name[:-3]) for name in ("sample_id", "drug_id"))
        return f"Responses: {count(len(self), 'pair')} of {samples} and {drugs}"


ResponsesLike: TypeAlias = Responses | pd.Series | FrameLike
"""What functions take for responses: see `as_responses`."""


def _complete_responses(rows: pd.DataFrame, where: str) -> pd.DataFrame:
    rows = _as_built(_plain_text(rows))
    others = next((names for names in _INSTEAD if set(names) <= set(rows.columns)), ())
    others = () if "response" in rows.columns else others
    if "lower" in others and (estimate := {"prediction", "effect", "estimate"} & set(rows.columns)):
        raise InputError(
            f'{where}: found "lower" and "upper" beside "{min(estimate)}", whose bounds they are (expected what was '
            "measured). Give the table of responses, or limits of measurements without that column."
        )
    for column in ("sample_id", *(() if others else ("response",))):
        if column not in rows.columns:
            alike = [name for name in rows.columns if "".join(name_words(name)) == column.replace("_", "")]
            advice = (
                f'Rename "{alike[0]}" to "{column}".' if alike else f'Rename the column that holds it to "{column}".'
            )
            raise InputError(
                f'{where}: found no column "{column}" (its columns are {show_ids(rows.columns, 8)}). {advice}'
            )
    rows = rows if others else with_signs(rows, "response", where)
    also = [name for name in ("entry",) if "time" in others and name in rows.columns]
    table = rows.reindex(columns=[*RESPONSE_COLUMNS, *others, *also]).reset_index(drop=True)
    table = table.astype({"sample_id": object, "drug_id": object} if table.dtypes.eq("category").any() else {})
    table["drug_id"] = table["drug_id"].where(table["drug_id"].notna(), ONLY_DRUG if "drug_id" not in rows else "")
    for column in ("sample_id", "drug_id"):
        table[column] = clean_ids(table[column], where)
        warn_of_alike(table[column], where)
    empty = (table["sample_id"] == "") | (table["drug_id"] == "")
    if empty.any():
        raise InputError(
            f"{where}, row {int(np.argmax(empty.to_numpy())) + 1}: found an empty id or a word for "
            f"missing, such as NA ({int(empty.sum())} in all; expected a sample and a drug). Fill or remove the row."
        )
    table["study"] = clean_ids(table["study"].astype(object), where)
    table["weight"] = numbers_of(table["weight"], where).fillna(1.0)
    return table


def _plain_text(table: pd.DataFrame) -> pd.DataFrame:
    """Text of other dtypes, such as categories without an order, as that of a file; ordered categories list classes."""
    dtypes = {
        name: object
        for name, dtype in table.dtypes.items()
        if isinstance(dtype, pd.StringDtype)
        or (
            isinstance(dtype, pd.CategoricalDtype)
            and not dtype.ordered
            and (dtype.categories.dtype == object or isinstance(dtype.categories.dtype, pd.StringDtype))
        )
    }
    return table.astype(dtypes)


def _as_built(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of a table that was built before, with their limits or events in place of the response."""
    if {"response", "happened"} <= set(rows.columns):
        return rows.rename(columns={"response": "time", "happened": "event"})
    if {"response", "lower", "upper"} <= set(rows.columns):
        lower, upper = (pd.to_numeric(rows[name], errors="coerce").to_numpy(np.float64) for name in ("lower", "upper"))
        # an interval of confidence has another place, and is neither open nor of no width
        is_place = np.array_equal(place_between(lower, upper), rows["response"].to_numpy())
        if is_place and (np.isinf(lower) | np.isinf(upper) | (lower == upper)).any():
            return rows.drop(columns="response")
    return rows


def _read_rows(rows: pd.DataFrame, measure: Measure, requested: Requested, where: str) -> OutcomeRows:
    is_measured = bool(measure.unit) or measure.higher_means == "dose"
    complete = _complete_responses(rows, where)
    names_dilutions = requested.kind == AUTO and not requested.classes and "mic" in name_words(measure.name)
    if names_dilutions and are_dilutions(complete):
        requested = replace(requested, kind="interval")
    return read_outcome(complete, requested, where, is_measured=is_measured, is_named=bool(measure.name))


def _directed(measure: Measure, read: OutcomeRows, where: str) -> Measure:
    """The measure, whose direction the words of the classes may tell."""
    if read.direction is None or measure.higher_means == read.direction:
        return measure
    if measure.higher_means is not None:
        classes = read.outcome.classes
        raise InputError(
            f"{where}: found the classes {' < '.join(classes)}, of which a higher one means {read.direction}, and "
            f"`higher_means` {measure.higher_means} (expected the same). Leave it out, or turn the order: `classes` "
            f'"{"<".join(reversed(classes))}".'
        )
    return replace(measure, higher_means=read.direction)


def _refuse_bad_responses(table: pd.DataFrame, outcome: Outcome, where: str) -> None:
    # squares of others are no numbers, or 0
    size = np.nan_to_num(np.abs(table["response"].to_numpy()), posinf=np.inf)
    infinite = size > _LARGEST
    if infinite.any():
        row = table.index[int(np.argmax(infinite))] + 1
        what = "an infinite response" if np.isinf(size).any() else f"a response of {size.max():.3g}"
        raise InputError(
            f"{where}, row {row}: found {what} ({int(infinite.sum())} in all; expected finite numbers). "
            "Leave the cell empty for missing, or give the limit of the assay and censor it."
        )
    if 0 < size.max(initial=0.0) < 1 / _LARGEST:
        raise InputError(
            f"{where}: no response is above {size.max():.3g} (expected numbers whose squares can be told from 0). "
            "Give them in another unit."
        )
    weights = table["weight"].to_numpy()
    if (~np.isfinite(weights) | (weights < 0)).any():
        raise InputError(f"{where}: found a weight that is negative or not finite (expected 0 or more). Correct it.")
    if not outcome.has_classes:
        refuse_missing_code(table if outcome.kind != "interval" else table[table["lower"] == table["upper"]], where)


def as_responses(responses: ResponsesLike, outcome: OutcomeLike = AUTO, classes: ClassesLike = None) -> Responses:
    """Responses as they are, or built from a table in memory.

    Parameters
    ----------
    responses
        `Responses`; long rows of `sample_id, drug_id, response`, whose ids may be the index; samples x drugs;
        or, of one drug, a Series by sample.
    outcome, classes
        As for `Responses.build`, of responses that are not built yet.

    Raises
    ------
    InputError
        It is neither, such as a path; or responses that were built are of another outcome.

    Examples
    --------
    >>> len(as_responses(pd.DataFrame({"sample_id": ["s1"], "response": [1.0]})))
    1
    """
    if isinstance(responses, Responses):
        _refuse_other_outcome(responses.outcome, Requested.of(outcome, classes))
        return responses
    table = responses.to_frame("response") if isinstance(responses, pd.Series) else responses
    if not is_frame(table):
        way_out = "Read a file with drugresponse.read_responses."
        if isinstance(table, (np.ndarray, list)):
            # as scikit-learn hands them to what it scores
            way_out = (
                "Numbers alone do not say whose they are: give a Series by sample id; to cross_val_score, GridSearchCV "
                "and the like give the model's `as_estimator(genotypes)`, and pairs of ids as X."
            )
        raise InputError(f"responses: found {type(responses).__name__} (expected Responses or a DataFrame). {way_out}")
    requested, rows = Requested.of(outcome, classes), _plain_text(as_pandas(table, "responses"))
    if "sample_id" not in rows.columns:
        rows = rows.reset_index() if "sample_id" in rows.index.names else _index_as(rows, "sample_id")
    times = rows_of_times(rows, requested, "responses")
    rows = _long_rows(rows, requested) if times is None else times
    refuse_unnamed_drugs(rows, "responses")
    return Responses.build(rows, outcome=outcome, classes=classes if times is None else None)


def _refuse_other_outcome(outcome: Outcome, requested: Requested) -> None:
    # classes that no response has were left out
    kept = tuple(word for word in requested.classes if word in outcome.classes)
    other_classes = bool(requested.classes) and outcome.has_classes and kept != outcome.classes
    if requested.kind not in (AUTO, outcome.kind) or other_classes:
        wanted = " < ".join(requested.classes) if other_classes else requested.kind
        here = " < ".join(outcome.classes) if other_classes else outcome.kind
        raise InputError(
            f"responses: found an outcome that was read as {here} (expected {wanted}). Read the responses with the "
            "`outcome` and `classes` that they are to have."
        )


def _long_rows(rows: pd.DataFrame, requested: Requested) -> pd.DataFrame:
    """One row a response, the ids in columns."""
    others = rows.drop(columns="sample_id", errors="ignore")
    # one column of numbers beside the ids is a response under another name; which, only its owner knows
    long = {"response", "drug_id"} & set(others.columns) or any(set(names) <= set(others) for names in _INSTEAD)
    wide = others.shape[1] > 1 and not long
    if not wide or len(rows.columns) == others.shape[1]:
        return rows
    numbers = others.select_dtypes("number").shape[1] == others.shape[1]
    are_drugs = numbers or are_same_classes(others, requested) or are_same_limits(others, requested)
    return melt_drugs(rows) if are_drugs else rows


def _index_as(table: pd.DataFrame, id_column: str) -> pd.DataFrame:
    """An index of text without a name is that of the ids, as in the `obs` of AnnData."""
    texts = table.index.nlevels == 1 and pd.api.types.infer_dtype(table.index) == "string"
    return table.rename_axis(id_column).reset_index() if texts and table.index.name is None else table


def index_by_id(table: FrameLike, id_column: str, *, where: str) -> pd.DataFrame:
    """A samples or drugs table with its id as index: text, unique, never empty.

    Raises
    ------
    InputError
        It is no DataFrame, the id column is absent, or an id is empty or repeated.

    Examples
    --------
    >>> index_by_id(pd.DataFrame({"drug_id": [7], "name": ["x"]}), "drug_id", where="drugs").index.tolist()
    ['7']
    """
    table = as_pandas(table, where, f' with a column "{id_column}"')
    if id_column not in table.columns:
        table = table.reset_index() if table.index.name == id_column else _index_as(table, id_column)
    if id_column not in table.columns:
        raise InputError(
            f'{where}: found no column "{id_column}" (its columns are {show_ids(table.columns, 8)}). '
            "Rename the id column."
        )
    ids = clean_ids(table[id_column], where)
    if (ids == "").any():
        row = int(np.argmax((ids == "").to_numpy())) + 1
        raise InputError(
            f'{where}, row {row}: found an empty "{id_column}" or a word for missing, such as NA '
            "(expected an id). Fill it or remove the row."
        )
    if ids.duplicated().any():
        raise InputError(
            f'{where}: {show_ids(ids[ids.duplicated()].unique())} occurs more than once in "{id_column}" '
            "(expected each id once). Remove the repeats."
        )
    if id_column != "feature_id":
        warn_of_alike(ids, where)
    indexed = table.drop(columns=id_column)
    indexed.index = pd.Index(ids.to_numpy(), name=id_column, dtype=object)
    return indexed
