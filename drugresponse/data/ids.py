"""Ids as text, whatever they were read as: without blanks around them, missing ones empty, and alike ones told of."""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from drugresponse.data.missing import MISSING_IDS
from drugresponse.errors import count, show_ids

__all__ = [
    "clean_ids",
    "ids_as_text",
    "is_missing_id",
    "spellings_alike",
    "suggest_ids",
    "tell_of_lost_ids",
    "trimmed",
    "warn_of_alike",
    "warn_of_other_case",
    "without_blanks",
]

logger = logging.getLogger(__name__)

_INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
_EDGES = re.compile(rf"^[\s{_INVISIBLE}]+|[\s{_INVISIBLE}]+$")
_SHOWN = 3
_SHORTEST_PREFIX = 4
# of TCGA and TARGET: 10 to 19 are normal tissue, 20 to 29 controls, which are not the tumour of the same patient
_SAMPLE_OF_BARCODE = re.compile(r"tcga-\w\w-\w{4}-\d\d")
_NORMAL_TISSUE = re.compile(r"(?:tcga-\w\w-\w{4}|target-\d\d-\w{6})-[12]\d.*")


def ids_as_text(column: pd.Series) -> pd.Series:
    """Ids as text: 7 and 7.0 become "7", missing becomes "".

    Examples
    --------
    >>> ids_as_text(pd.Series([1240121.0, None])).tolist(), ids_as_text(pd.Series(["007"])).tolist()
    (['1240121', ''], ['007'])
    """
    if pd.api.types.is_float_dtype(column.dtype):
        cells = ["" if pd.isna(cell) else str(int(cell)) if cell == np.floor(cell) else str(cell) for cell in column]
    else:
        cells = ["" if pd.isna(cell) else str(cell) for cell in column]
    return pd.Series(cells, index=column.index, name=column.name, dtype=object)


def trimmed(text: str) -> str:
    r"""Text without blanks at its ends, those among them that cannot be seen.

    Examples
    --------
    >>> trimmed(" MCF7\u00a0"), trimmed("\ufeffMCF7\u200b")
    ('MCF7', 'MCF7')
    """
    return text.strip() if text.isascii() else _EDGES.sub("", text)


def without_blanks(ids: Iterable[str], where: str) -> list[str]:
    """Ids without blanks around them, which are counted in a warning; `where` is what to call the table in it."""
    written = list(ids)
    cells = [trimmed(text) for text in written]
    blanks = [before for before, after in zip(written, cells, strict=True) if before != after]
    if blanks:
        shown = show_ids(dict.fromkeys(blanks))
        logger.warning("%s: blanks around %s are taken away (%s).", where, count(len(blanks), "id"), shown)
    return cells


def is_missing_id(text: str) -> bool:
    """Whether an id is empty, or a spelling of missing.

    Examples
    --------
    >>> is_missing_id("NaN"), is_missing_id("__UNKNOWN__"), is_missing_id("NA12878")
    (True, True, False)
    """
    return trimmed(text).lower() in MISSING_IDS


def clean_ids(column: pd.Series, where: str) -> pd.Series:
    r"""Ids as text without blanks around them, which are counted in a warning; "" where missing.

    Parameters
    ----------
    column
        Of any type.
    where
        What to call the table in the warning.

    Examples
    --------
    >>> clean_ids(pd.Series(["MCF7", " A549\u00a0", "NA"]), "responses").tolist()
    ['MCF7', 'A549', '']
    """
    cells = ["" if text.lower() in MISSING_IDS else text for text in without_blanks(ids_as_text(column), where)]
    return pd.Series(cells, index=column.index, name=column.name, dtype=object)


def warn_of_alike(ids: Iterable[str], where: str) -> None:
    """Warn of ids in one table that differ only in case or by another mark; `where` is what to call the table."""
    first: dict[str, str] = {}
    alike = [
        (first[key], text) for text in dict.fromkeys(ids) if first.setdefault(key := _folded(text, "-"), text) != text
    ]
    if alike:
        shown = ", ".join(f'"{one}" and "{other}"' for one, other in alike[:_SHOWN])
        logger.warning(
            f"{where}: ids that differ only in case or punctuation count as different: {len(alike)} ({shown}). Write "
            "them alike where they are the same."
        )


def warn_of_other_case(features: pd.DataFrame, where: str) -> None:
    """Warn of features of one block whose names differ in the case of letters only, such as BRAF and braf.

    Parameters
    ----------
    features
        Feature table, index `feature_id`; variants with a position are told apart by it and passed over.
    where
        What to call the table.

    Examples
    --------
    >>> warn_of_other_case(pd.DataFrame({"block": "altered", "position": pd.NA}, index=["BRAF", "KRAS"]), "genotypes")
    """
    named = features[features["position"].isna().to_numpy()]
    first: dict[tuple[str, str], str] = {}
    alike = [
        (earlier, name)
        for block, name in zip(named["block"], named.index, strict=True)
        if (earlier := first.setdefault((block, name.casefold()), name)) != name
    ]
    if alike:
        shown = ", ".join(f'"{one}" and "{other}"' for one, other in alike[:_SHOWN])
        logger.warning(
            "%s: names of features that differ in the case of letters only count as different: %d (%s). Write them "
            "alike, and their columns as one, where they are the same.", where, len(alike), shown,
        )  # fmt: skip


def spellings_alike(missing: Sequence[str] | pd.Index, known: Iterable[str]) -> dict[str, str]:
    """Ids of the one side that may be ids of the other under another spelling, with those.

    Alike are ids that differ in case, blanks, `-._`, zeros in front of a number, `.0` behind it, quotation marks or R's
    X; and an id that is the beginning of a single longer one, as barcodes of TCGA are, unless that is of normal tissue.

    Examples
    --------
    >>> spellings_alike(["mcf7", "0042", "TCGA-AB-2802"], ["MCF-7", "42.0", "TCGA-AB-2802-03A-01W", "HELA"])
    {'mcf7': 'MCF-7', '0042': '42.0', 'TCGA-AB-2802': 'TCGA-AB-2802-03A-01W'}
    """
    there = [str(text) for text in known]
    plain = {_plain(text): text for text in reversed(there)}
    folded = {_folded(text, "-"): text for text in reversed(there)}
    longer: dict[str, set[str]] = {}
    for text in there:
        for beginning in _beginnings(text):
            longer.setdefault(beginning, set()).add(text)
    alike: dict[str, str] = {}
    for here in map(str, missing):
        candidates = longer.get(_folded(here, "-"), set())
        shorter = next((folded[beginning] for beginning in _beginnings(here) if beginning in folded), None)
        if _plain(here) in plain:
            alike[here] = plain[_plain(here)]
        elif len(candidates) == 1:
            alike[here] = next(iter(candidates))
        elif shorter is not None:
            alike[here] = shorter
    return alike


def suggest_ids(missing: pd.Index, known: pd.Index) -> str:
    """A sentence that shows three ids of each side, and those that may be the same under another spelling.

    Examples
    --------
    >>> suggest_ids(pd.Index(["mcf7"]), pd.Index(["MCF-7"]))
    'For example "mcf7" here and "MCF-7" there. "mcf7" may be "MCF-7": write them alike.'
    """
    return f"{_examples(missing, known)} {_alike(missing, known) or 'Use the same ids in both.'}"


def tell_of_lost_ids(where: str, what: str, ids: pd.Index, other: str, known: pd.Index, lost: str) -> None:
    """Warn of ids that another table lacks, with three of each side.

    Parameters
    ----------
    where, other
        The tables.
    what
        What the ids are called, such as `samples`.
    ids, known
        Of the one table, and of the other.
    lost
        What becomes of the ids that are lost, as the end of "they are ...".
    """
    absent = ids[~ids.isin(known)]
    if len(absent):
        spellings = " ".join(filter(None, (_examples(absent, known[~known.isin(ids)]), _alike(absent, known))))
        logger.warning(
            f"{where}: {len(absent)} of its {len(ids)} {what} are not among the {len(known)} of the {other}; they are "
            f"{lost}. {spellings}"
        )


def _examples(missing: pd.Index, known: pd.Index) -> str:
    there = f" and {show_ids(sorted(known)[:_SHOWN])} there" if len(known) else ""
    return f"For example {show_ids(sorted(missing)[:_SHOWN])} here{there}."


def _alike(missing: pd.Index, known: pd.Index) -> str:
    alike = spellings_alike(missing, known)
    shown = ", ".join(f'"{here}" may be "{there}"' for here, there in list(alike.items())[:_SHOWN])
    more = f" ({len(alike)} such ids)" if len(alike) > _SHOWN else ""
    return f"{shown}{more}: write them alike." if alike else ""


def _beginnings(text: str) -> list[str]:
    """What stands before each mark of punctuation, the longest first; nothing of a barcode of normal tissue."""
    text = _folded(text, "-")
    if _NORMAL_TISSUE.fullmatch(text):
        return []
    ends = [mark.start() for mark in re.finditer(r"[-:|/]", text)]
    return [text[:end] for end in reversed(ends) if end >= _SHORTEST_PREFIX]


def _plain(text: str) -> str:
    """What stays of an id when its spelling is left out."""
    text = re.sub(r"\.0+$", "", text) if re.fullmatch(r"\d+\.0+", text) else text
    barcode = _SAMPLE_OF_BARCODE.match(_folded(text, "-"))
    text = re.sub(r"(?<!\d)0+(?=\d)", "", barcode.group() if barcode else text)
    # R writes X before a name that begins with a digit, and spreadsheets keep text by an equal sign or a mark
    return re.sub(r"^x(?=\d)|[=\"']", "", _folded(text, ""))


def _folded(text: str, mark: str) -> str:
    """Without case, accents in one form, and one mark for all blanks and punctuation."""
    return re.sub(rf"[\s._{_INVISIBLE}-]+", mark, unicodedata.normalize("NFKC", text)).casefold()
