"""A wide table, samples by drugs: whether its columns are drugs, and its cells as rows."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Sequence
from typing import TypeAlias

import numpy as np
import pandas as pd

from drugresponse.data.column_names import name_words
from drugresponse.data.missing import is_missing
from drugresponse.data.outcomes.dilutions import dilution_steps
from drugresponse.data.outcomes.families import UNREAD, family_of, plain_word
from drugresponse.data.outcomes.limits import are_limits, is_limit_or_number
from drugresponse.data.outcomes.requested import Requested
from drugresponse.data.outcomes.times import STATUS, TIMES
from drugresponse.data.responses.kinds import FEWEST_ROWS, OF_ANOTHER_SCALE
from drugresponse.errors import InputError, count, show_ids

__all__ = ["are_same_classes", "are_same_limits", "melt_drugs", "refuse_beside_drugs", "refuse_metadata"]

progress = logging.getLogger("drugresponse.progress")

_METADATA = re.compile(
    rf"{TIMES}|{STATUS.pattern}|ids?|identifier|barcode|accession|codes?|index|idx|cosmic|unnamed|age|sex|gender|race|"
    r"ethnicity|dates?|counts?|total|passage|plate|batch|run|well|row|col(umn)?|pos(ition)?|start|end|chr(om(osome)?)?|"
    r"weight|height|bmi|stage|grade|ploidy|purity|tmb|mutations|reads|coverage|depth|cluster|group|arm|replicate|"
    r"repeat|reps?|fold|split|number|smok(er|ing)|patients?|donors?|visit|cycle|lane|mean|average|median|sd|sem|std|"
    r"stdev|cv|variance|rmse|r2|rsquared|slope|pval(ue)?|fdr|qval(ue)?|dmso|vehicle|pc|creatinine|wbc|hemoglobin|"
    r"bilirubin|albumin|latitude|longitude|blasts?|ecog|inr|burden"
)
_FIRST = re.compile(r"age|date|time|days?|months?|years?|unnamed|doubling")
_NUMBERED = re.compile(r"(reps?|replicate|repeat|day|week|month|time|visit|cycle|plate|run|column|pc)\d{1,2}")
_FIRST_OF_WHOLE = re.compile(r"n|no|num|number|nr|count|total")
_WITH_DOSE = re.compile(
    r"(|.*[ _@:(\[-])(\d+(?:[.,]\d+)?(?:e-?\d+)?)\s*_?([pnum\u00b5\u03bc]?M|[num]g/m?l)?[)\]]?", re.IGNORECASE
)
_MOST_SPELLINGS = 1000
_AreSame: TypeAlias = Callable[[pd.DataFrame, Requested], bool]
_SURE_DOSE = re.compile(r"(?:^|[ _@:(\[-])\d+[.,]\d+|\d\s*_?([pnum\u00b5\u03bc]?M|[num]g/m?l)[)\]]?$")


def are_same_classes(drugs: pd.DataFrame, requested: Requested) -> bool:
    """Whether all columns of a table of text hold the same classes, listed or of one usual family.

    Examples
    --------
    >>> wide = pd.DataFrame({"AMP": ["S", "R"], "CIP": ["", "I"]})
    >>> are_same_classes(wide, Requested()), are_same_classes(wide.assign(city=["Ulm", "Bonn"]), Requested())
    (True, False)
    """
    if requested.kind in ("continuous", "interval", "time-to-event"):
        return False
    cells: set[str] = set()
    for name in drugs.columns:
        cells.update(map(str, drugs[name].dropna().unique()))
        # no few classes have so many spellings: a screen of measured numbers need not be read twice
        if len(cells) > _MOST_SPELLINGS:
            return False
    words = {plain_word(cell) for cell in cells if not is_missing(cell)} - UNREAD
    if requested.classes:
        return words <= {plain_word(word) for each in requested.classes for word in each.split("=")}
    has_numbers = any(re.search(r"\d", word) for word in words)
    return bool(words) and not has_numbers and family_of(words) is not None


def are_same_limits(drugs: pd.DataFrame, requested: Requested) -> bool:
    """Whether the columns of a table of text are limits and numbers, more than half of them with a limit.

    Examples
    --------
    >>> wide = pd.DataFrame({"AMP": ["<=2", "16"], "CIP": ["", ">4"]})
    >>> are_same_limits(wide, Requested()), are_same_limits(wide.assign(city=["Ulm", "Bonn"]), Requested())
    (True, False)
    """
    if requested.kind not in ("auto", "interval", "continuous") or requested.classes:
        return False
    with_limits = 0
    for name in drugs.columns:
        present = drugs[name][~drugs[name].fillna("").astype(str).map(is_missing).astype(bool)]
        if not all(is_limit_or_number(str(cell)) for cell in present.unique()):
            return False
        with_limits += are_limits(present)
    return 2 * with_limits > drugs.shape[1]


def refuse_beside_drugs(columns: pd.DataFrame, requested: Requested, where: str) -> None:
    """Refuse columns that hold neither classes nor limits where two or more columns do, and are more.

    Parameters
    ----------
    columns
        Of a table of text, all but the ids, which do not repeat.

    Raises
    ------
    InputError
        There are such columns: what stands in them is told of samples.

    Examples
    --------
    >>> wide = pd.DataFrame({"AMP": ["<=2", "16"], "CIP": ["1", ">4"]})
    >>> refuse_beside_drugs(wide, Requested(), "responses")
    """
    for are_same, what in ((are_same_limits, "limits and numbers"), (are_same_classes, "classes")):
        alone = [name for name in columns.columns if _fits_alone(columns[[name]], are_same, requested)]
        others = [name for name in columns.columns if name not in alone]
        if others and len(alone) > max(1, len(others)) and are_same(columns[alone], requested):
            raise InputError(
                f"{where}: {show_ids(others, 5)} of a table of samples by drugs {'is' if len(others) == 1 else 'are'} "
                f"no drug: {count(len(alone), 'other column')} hold {what} (expected one column of responses for each "
                "drug). Move what is told of the samples to the samples table (`samples`), or remove it."
            )


def _fits_alone(
    column: pd.DataFrame, are_same: Callable[[pd.DataFrame, Requested], bool], requested: Requested
) -> bool:
    """Whether a column could be one of several; numbers alone are neither one nor the other, and fit limits."""
    cells = column.iloc[:, 0].fillna("").astype(str)
    present = cells[~cells.map(is_missing).astype(bool)]
    is_plain = are_same is are_same_limits and bool(present.map(is_limit_or_number).all())
    return is_plain or are_same(column, requested)


def melt_drugs(wide: pd.DataFrame, drug_ids: Collection[str] = (), *, where: str = "responses") -> pd.DataFrame:
    """A row for each sample and drug, from a table of samples by drugs, of which nothing is missing.

    Parameters
    ----------
    wide
        Column `sample_id`, and a column of numbers or of classes for each drug.
    drug_ids
        Columns that are known to be drugs, whatever they look like.
    where
        Names the table in messages.

    Raises
    ------
    InputError
        Columns look like metadata of the samples.

    Examples
    --------
    >>> melt_drugs(pd.DataFrame({"sample_id": ["s1"], "a": [1.5], "b": [np.nan]})).to_dict("list")
    {'sample_id': ['s1'], 'drug_id': ['a'], 'response': [1.5]}
    """
    drugs = wide.drop(columns="sample_id")
    if all(pd.api.types.is_numeric_dtype(dtype) for dtype in drugs.dtypes):
        refuse_metadata(drugs, drug_ids, where)
    else:
        _refuse_numbers_among_limits(drugs, drug_ids, where)
    progress.info(
        f'{where}: found no column "response"; read as a wide table of {len(wide)} samples x {drugs.shape[1]} drugs: '
        f"{show_ids(drugs.columns, 8)}."
    )
    long = wide.melt(id_vars="sample_id", var_name="drug_id", value_name="response")
    return long[long["response"].notna()].reset_index(drop=True)


def refuse_metadata(wide: pd.DataFrame, drug_ids: Collection[str], where: str) -> None:
    """Refuse columns of a table of samples by drugs that look like an id, an age, a time, a count or a code.

    Parameters
    ----------
    wide
        One column of numbers for each drug.
    drug_ids
        Columns that are known to be drugs.

    Raises
    ------
    InputError
        Some look so, by their name or beside the other columns.
    """
    doubtful = [name for name in wide.columns if str(name) not in drug_ids]
    last = pd.Series([words[-1] for name in wide.columns if (words := name_words(name))], dtype=object).value_counts()
    # a word at the end of most names is what was measured, as in erlotinib_score and gefitinib_score
    measured = set(last.index[(last > 1) & (2 * last > wide.shape[1])])
    numbers = {name: wide[name].to_numpy(dtype=np.float64) for name in wide.columns}
    odd = [name for name in doubtful if _named_otherwise(name, numbers[name], measured)]
    odd += [name for name in _unlike_the_others(numbers) if name in doubtful and name not in odd]
    if doses := _doses_of_one_drug([str(name) for name in doubtful]):
        raise InputError(
            f"{where}: {show_ids(doses)} of a table of samples by drugs look like doses of one drug (expected one "
            "column for each drug). Fit the doses with drugresponse curves first, from rows of sample_id, drug_id, "
            "dose and response; if each is to be a drug, name them in the drugs table (`drugs`)."
        )
    _refuse_odd(odd, where)


def _refuse_numbers_among_limits(wide: pd.DataFrame, drug_ids: Collection[str], where: str) -> None:
    """The same of columns of numbers alone, in a table of which others hold limits or classes, by their names."""
    numbers = {name: pd.to_numeric(wide[name], errors="coerce") for name in wide.columns if str(name) not in drug_ids}
    plain = {name: values for name, values in numbers.items() if values.notna().equals(wide[name].notna())}
    _refuse_odd([name for name, values in plain.items() if _named_otherwise(name, values.to_numpy(), ())], where)


def _refuse_odd(odd: Sequence[object], where: str) -> None:
    if odd:
        raise InputError(
            f"{where}: {show_ids(odd, 5)} of a table of samples by drugs {'looks' if len(odd) == 1 else 'look'} like "
            "an id, age, time, event, count or code (expected one column of measurements for each drug). Remove such "
            "columns, or move them to the samples table; if one is a drug, name it in the drugs table (`drugs`), or "
            "give rows of sample_id, drug_id and response."
        )


def _doses_of_one_drug(names: Sequence[str]) -> list[str]:
    """The first of most names that are one name and different doses, with a unit or, in some, a decimal point."""
    series: dict[str, list[str]] = {}
    for name in names:
        parts = _WITH_DOSE.fullmatch(name.strip())
        if parts:
            series.setdefault(parts[1].strip(" _-@:([").lower(), []).append(name)
    several = [some for some in series.values() if len(some) > 1 and any(map(_SURE_DOSE.search, some))]
    # two conditions of one name among many other drugs are drugs
    return several[0] if 2 * sum(map(len, several)) > len(names) else []


def _named_otherwise(name: object, values: np.ndarray, measured: Collection[str]) -> bool:
    words = name_words(name)
    if not words:
        return False
    whole = bool(np.all(values[np.isfinite(values)] % 1 == 0))
    if words[-1] not in measured and (_METADATA.fullmatch(words[-1]) or _NUMBERED.fullmatch(words[-1])):
        return True
    return bool(_FIRST.fullmatch(words[0]) or (len(words) > 1 and whole and _FIRST_OF_WHOLE.fullmatch(words[0])))


def _unlike_the_others(numbers: dict[str, np.ndarray]) -> list[str]:
    """Whole numbers among fractions, and whole numbers far above all others."""
    present = {name: values[np.isfinite(values)] for name, values in numbers.items()}
    whole = {name: bool(np.all(values % 1 == 0)) for name, values in present.items()}
    fractions = np.concatenate([values % 1 != 0 for name, values in present.items() if not whole[name]] or [[False]])
    among_fractions = 2 * fractions.sum() >= len(fractions)
    unlike = []
    for name, values in present.items():
        # a single value is the end of the doses, at which no sample responded
        if not whole[name] or len(values) < FEWEST_ROWS or len(np.unique(values)) == 1:
            continue
        if dilution_steps(values, np.full(len(values), name, dtype=object)) is not None:
            continue  # MICs of a drug that is tested above 1 alone
        others = [np.abs(other).max() for key, other in present.items() if key != name and len(other)]
        above = bool(others) and values.min() > OF_ANOTHER_SCALE * max(others)
        if among_fractions or (above and len(np.unique(values)) == len(values)):
            unlike.append(name)
    return unlike
