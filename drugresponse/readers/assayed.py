"""Which samples count as assayed, where a table lists only what was found in them."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence

import pandas as pd

from drugresponse.data.ids import spellings_alike, suggest_ids
from drugresponse.errors import InputError, show_ids

__all__ = ["assayed_samples"]

logger = logging.getLogger(__name__)


def assayed_samples(
    samples: Sequence[str], known_samples: Collection[str] | None, where: str, lacking: str, count_as: str
) -> list[str]:
    """The samples of a table, and those of the other tables that have no row in it, since nothing was found in them.

    Parameters
    ----------
    samples
        Samples with a row.
    known_samples
        Sample ids of the other tables; None where there are none.
    where
        The file, for messages.
    lacking
        What samples without a row are taken to be without, such as `alterations`.
    count_as
        What they count as in the model, such as `unaltered`.

    Returns
    -------
    list of str
        The samples of the table in their order, then the others in that of their ids.

    Raises
    ------
    InputError
        None of the samples is known, or those without a row seem to stand in the table under other spellings.

    Examples
    --------
    >>> assayed_samples(["s1"], None, "genes.tsv", "genes", "without genes")
    ['s1']
    """
    if known_samples is None:
        return list(samples)
    known = {str(sample) for sample in known_samples}
    strange = pd.Index([sample for sample in samples if sample not in known])
    if len(strange) == len(samples):
        raise InputError(
            f"{where}: none of its {len(samples)} samples is among those of the other tables. "
            f"{suggest_ids(strange, pd.Index(sorted(known)))}"
        )
    others = sorted(known - set(samples))
    _refuse_other_spellings(strange, others, len(samples) - len(strange), where, count_as)
    if others:
        logger.warning(
            f"{where}: samples of the other tables without a row count as assayed, without {lacking}: {len(others)} "
            f"({show_ids(others)}). Use `absent_means` missing where they were not assayed."
        )
    return [*samples, *others]


def _refuse_other_spellings(strange: pd.Index, others: Sequence[str], n_shared: int, where: str, count_as: str) -> None:
    """Samples without a row are not taken for assayed where they seem to stand in the file under other ids."""
    alike = spellings_alike(strange, others)
    if alike or min(len(strange), len(others)) > n_shared:
        raise InputError(
            f"{where}: {n_shared} of its {len(strange) + n_shared} samples are among those of the other tables, where "
            f"{len(others)} have no row in it and would count as {count_as}. "
            f"{suggest_ids(strange, pd.Index(list(others)))} If they are others, use `absent_means` missing, or add a "
            "row with the sample alone for each that was assayed."
        )
