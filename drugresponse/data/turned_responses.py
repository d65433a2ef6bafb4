"""Responses whose samples and drugs stand the other way round, as in a table of drugs x samples."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace

from drugresponse.data.tables import Responses
from drugresponse.errors import show_ids

__all__ = ["right_way_round", "turned"]

logger = logging.getLogger(__name__)


def turned(responses: Responses) -> Responses:
    """The same responses with samples and drugs exchanged."""
    names = {"sample_id": "drug_id", "drug_id": "sample_id"}
    table, replicates = (
        table.rename(columns=names)[list(table.columns)].sort_values(["sample_id", "drug_id"], ignore_index=True)
        for table in (responses.table, responses.replicates)
    )
    by_study = responses.by_study
    if by_study is not None:
        columns = list(by_study.columns)
        by_study = by_study.rename(columns=names)[columns].sort_values([*columns[:2], "study"], ignore_index=True)
    return replace(responses, table=table, replicates=replicates, by_study=by_study)


def right_way_round(responses: Responses, *, samples: Iterable[object] = (), drugs: Iterable[object] = ()) -> Responses:
    """The responses, turned with a warning where known ids leave no doubt that their drugs are samples.

    Parameters
    ----------
    responses
        As they were read.
    samples, drugs
        Ids that are known elsewhere, of one of the two or of both.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"sample_id": ["d1"], "drug_id": ["s1"], "response": [0.5]})
    >>> right_way_round(Responses.build(rows), samples=["s1", "s2"]).table["sample_id"].tolist()
    ['s1']
    """
    known_samples, known_drugs = set(map(str, samples)), set(map(str, drugs))
    of_samples, of_drugs = set(responses.table["sample_id"]), set(responses.table["drug_id"])
    drugs_are_samples = not of_samples & known_samples and 2 * len(of_drugs & known_samples) >= len(of_drugs)
    samples_are_drugs = not of_drugs & known_drugs and 2 * len(of_samples & known_drugs) >= len(of_samples)
    if not drugs_are_samples and not samples_are_drugs:
        return responses
    logger.warning(
        f"responses: read the other way round, as drugs x samples: samples are {show_ids(sorted(of_drugs))}, drugs "
        f"are {show_ids(sorted(of_samples))}."
    )
    return turned(responses)
