"""Whose each sample is, by the column of the samples table that tells it."""

from __future__ import annotations

import logging
from collections.abc import Iterable

import pandas as pd

from drugresponse.data.covariate_names import names_subjects
from drugresponse.data.ids import clean_ids
from drugresponse.errors import count

__all__ = ["subjects_of", "tell_of_shared_subjects"]

logger = logging.getLogger(__name__)
progress = logging.getLogger("drugresponse.progress")

_COLUMN = "subject_id"
_FEWEST = 10
"""Fewer different ones are rather said than held together: folds would have too few groups."""


def subjects_of(samples: pd.DataFrame) -> pd.Series | None:
    """The subject of each sample: `subject_id`, or a column such as `PATIENT_ID` or `donor` in which samples repeat.

    Parameters
    ----------
    samples
        Index `sample_id`.

    Returns
    -------
    pandas.Series or None
        Text; None where no column tells.

    Examples
    --------
    >>> samples = pd.DataFrame({"age": [50, 60]}, index=["s1", "s2"])
    >>> subjects_of(samples) is None, subjects_of(samples.assign(subject_id="p")).tolist()
    (True, ['p', 'p'])
    """
    if _COLUMN in samples.columns:
        return samples[_COLUMN]
    for name in filter(names_subjects, samples.columns):
        subjects = clean_ids(samples[name].astype(object), "samples")
        known = subjects[subjects != ""]
        n_subjects = known.nunique()
        if n_subjects in (0, 1, len(known)):
            continue
        n_shared = int(known.duplicated(keep=False).sum())
        if n_subjects >= _FEWEST:
            progress.info(
                'samples: those of one "%s" are held out together (%s have one with others).', name, f"{n_shared:,}"
            )
            return subjects
        logger.warning(
            'samples, column "%s": %s share %s; if these are persons whose samples are to be held out together, name '
            'the column "subject_id".',
            name,
            count(n_shared, "sample"),
            count(n_subjects, "value"),
        )
    return None


def tell_of_shared_subjects(table: pd.DataFrame, sample_ids: pd.Series, own: Iterable[str], where: str) -> None:
    """Warn of a column of persons in a table of responses of which several samples have one: it is not used there.

    Parameters
    ----------
    table
        As it was read.
    sample_ids
        `(n_rows,)` its samples.
    own
        Columns that are read.
    where
        Names the table.

    Examples
    --------
    >>> tell_of_shared_subjects(pd.DataFrame({"patient": ["p", "q"]}), pd.Series(["s1", "s2"]), (), "responses")
    """
    for name in table.columns[[names_subjects(name) and name not in own for name in table.columns]]:
        pairs = pd.DataFrame({"sample": sample_ids.to_numpy(), "subject": table[name].to_numpy(dtype=object)})
        pairs = pairs[pairs["subject"].fillna("") != ""].drop_duplicates()
        n_samples, n_subjects = pairs["sample"].nunique(), pairs["subject"].nunique()
        if 1 < n_subjects < n_samples:
            logger.warning(
                '%s: %s are of %s by the column "%s", which is not used here: each sample counts by itself, and folds '
                'may part those of one person. Give it as "subject_id" in the samples table (`samples`), or one sample '
                "a person.",
                where,
                count(n_samples, "sample"),
                count(n_subjects, "person").replace("persons", "people"),
                name,
            )
