"""The part of the page of `prepare` about principal components."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse import plots
from drugresponse.genotype_qc.principal_components import PrincipalComponents, shares_explained
from drugresponse.plots.genotypes import colour_groups
from drugresponse.report.blocks import Block, Cell, Figure, Part, Row, Table, Words
from drugresponse.report.page import count, percent
from drugresponse.report.pictures import BESIDE, Picture

__all__ = ["components_part", "explained"]

_COLOURED_BY = ("ancestry", "batch", "site", "tissue", "subtype")
_SHOWN = 4
_MOST_COLUMNS = 8
_KINDS = {"dosage": "unlinked variants", "altered": "alterations", "copy_number": "copy numbers", "score": "scores"}


def explained(components: PrincipalComponents, samples: pd.DataFrame) -> list[tuple[str, NDArray[np.float64]]]:
    """How much of each component lies between the groups of each column of text that has some.

    Parameters
    ----------
    components
        Of the samples.
    samples
        Same rows, text, "" where not known.

    Returns
    -------
    list
        Name of the column and `(n_components,)` shares; columns with 2 groups up to a fifth as many as samples, at most
        8, those in front that explain most of one of the first four components.
    """
    if not components.n_features:
        return []
    shares = []
    for name in samples.columns:
        levels = samples.loc[samples[name] != "", name].nunique()
        if 2 <= levels <= max(2, len(samples) // 5):
            shares.append((str(name), shares_explained(components.scores, samples[name])))
    shares = [row for row in shares if np.isfinite(row[1]).any()]
    shares.sort(key=lambda row: (-float(np.nanmax(row[1][:_SHOWN])), row[0]))
    return shares[:_MOST_COLUMNS]


def components_part(components: PrincipalComponents, samples: pd.DataFrame) -> Part:
    """Scatter plots, and which columns of the samples table the components follow."""
    title = "Principal components"
    if not components.n_features:
        return Part(title, [Words("Too few samples or features vary for principal components.")])
    words = Words(
        f"The directions in which samples differ most, from {components.n_features:,} "
        f"{_KINDS[components.kind]}, each standardised. Samples that lie together are alike: by ancestry, by tissue, "
        "or because they were handled together."
    )
    return Part(title, [_figure(components, samples), words, *_explained_table(components, samples)])


def _figure(components: PrincipalComponents, samples: pd.DataFrame) -> Figure:
    column = next((name for name in _COLOURED_BY for name in samples.columns if str(name).lower() == name), None)
    groups = samples[column] if column is not None and len(colour_groups(samples[column])) > 1 else None
    drawings = {
        f"components-{first}": Picture(
            f"Samples on principal components {first} and {first + 1}",
            partial(plots.components, components, axes=(first, first + 1), groups=groups),
            BESIDE,
        )
        for first in range(1, min(_SHOWN, components.scores.shape[1]), 2)
    }
    words = f" Colours: {column}." if groups is not None else ""
    return Figure(drawings, f"Each dot is a sample; in brackets the share of the variance.{words}")


def _explained_table(components: PrincipalComponents, samples: pd.DataFrame) -> list[Block]:
    by_column = explained(components, samples)
    if not by_column:
        return []
    shown = components.scores.columns[:_SHOWN]
    rows: list[Row] = [
        [
            Cell(name, kind="id"),
            count(samples.loc[samples[name] != "", name].nunique(), "group"),
            *(percent(share) for share in shares[:_SHOWN]),
        ]
        for name, shares in by_column
    ]
    words = Words(
        "Share of each component's variance that lies between the groups of a column (0% is what chance gives). A "
        "batch or a site that explains much calls for care; ancestry and tissue are expected to.",
        quiet=True,
    )
    return [words, Table(["Column", "Groups", *shown], rows, words=2)]
