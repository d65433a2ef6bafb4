"""What AnnData and MuData tell of their samples beside the genotypes, as a samples table."""

from __future__ import annotations

import functools
import logging
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pandas as pd

from drugresponse.data.conversion.frames import FrameLike
from drugresponse.data.conversion.genotypes import as_genotypes, is_anndata, modalities_of
from drugresponse.data.genotypes import Genotypes, GenotypesLike
from drugresponse.data.ids import ids_as_text

__all__ = ["genotypes_and_samples", "joined_observations", "samples_of_observations", "tell_of_observations"]

logger = logging.getLogger(__name__)
progress = logging.getLogger("drugresponse.progress")

_SHOWN = 8


def genotypes_and_samples(data: GenotypesLike, samples: FrameLike | None) -> tuple[Genotypes, FrameLike | None]:
    """Genotypes from an object in memory, and the samples table: what was given, else the `obs` of AnnData or MuData.

    Parameters
    ----------
    data
        As for `as_genotypes`. Of a MuData its own `obs` comes first, then those of the modalities in their order; of a
        mapping those of its parts.
    samples
        The table that was given; None takes `obs`, if it has any column.

    Examples
    --------
    >>> import anndata, numpy as np
    >>> observed = pd.DataFrame({"tissue": ["lung", None]}, index=["s1", "s2"])
    >>> data = anndata.AnnData(np.zeros((2, 1), np.float32), obs=observed, var=pd.DataFrame(index=["KRAS"]))
    >>> genotypes_and_samples(data, None)[1]["tissue"].tolist()
    ['lung', '']
    """
    genotypes = as_genotypes(data)
    observed = _observations(data)
    if observed is None or observed.columns.empty:
        return genotypes, samples
    shown = _shown_columns(observed)
    if samples is not None:
        progress.info("samples: the table is used, and not obs with the columns %s", shown)
        return genotypes, samples
    progress.info("samples: no table was given; obs is used, with the columns %s", shown)
    return genotypes, observed


def tell_of_observations(data: GenotypesLike) -> None:
    """Warn that nothing is adjusted for, where the `obs` of AnnData or MuData has columns.

    Parameters
    ----------
    data
        As for `genotypes_and_samples`.
    """
    observed = _observations(data)
    if observed is not None and not observed.columns.empty:
        logger.warning(
            f"covariates: none are given, and obs has the columns {_shown_columns(observed)}: nothing is adjusted "
            "for. Give those that matter, such as covariates=adata.obs[[...]]; obs[[]] adjusts for none and is silent."
        )


def _observations(data: GenotypesLike) -> pd.DataFrame | None:
    parts = data.values() if isinstance(data, Mapping) else [data]
    return joined_observations([table for part in parts for table in _observations_of(part)])


def _shown_columns(observed: pd.DataFrame) -> str:
    return ", ".join(map(str, observed.columns[:_SHOWN])) + (", ..." if len(observed.columns) > _SHOWN else "")


def _observations_of(data: Any) -> list[pd.DataFrame]:
    """What obs of an AnnData says, or those of a MuData and its modalities; nothing of anything else."""
    modalities = modalities_of(data)
    sources: list[Any] = [data] if modalities or is_anndata(data) else []
    return [samples_of_observations(source.obs, modalities) for source in [*sources, *modalities.values()]]


def samples_of_observations(observed: pd.DataFrame, modalities: Collection[str] = ()) -> pd.DataFrame:
    """The `obs` of AnnData as a samples table: index `sample_id`, text columns, "" where missing.

    Parameters
    ----------
    observed
        The table, whose index are the ids.
    modalities
        Of the MuData that it is of, which repeats columns of theirs as `modality:column`: these are left out.

    Examples
    --------
    >>> samples_of_observations(pd.DataFrame({"age": [61.0, None]}, index=["s1", "s2"]))["age"].tolist()
    ['61', '']
    """
    own = [name for name in observed.columns if str(name).partition(":")[0] not in modalities]
    index = pd.Index(ids_as_text(observed.index.to_series()), name="sample_id", dtype=object)
    return pd.DataFrame({name: ids_as_text(observed[name]).to_numpy() for name in own}, index=index, dtype=object)


def joined_observations(tables: Sequence[pd.DataFrame]) -> pd.DataFrame | None:
    """One samples table of several, None of none; where two have a value, the first one's counts."""
    if not tables:
        return None
    filled = [table.where(table != "") for table in tables]
    joined = functools.reduce(lambda before, table: before.combine_first(table), filled)
    columns = list(dict.fromkeys(name for table in tables for name in table.columns))
    return joined.reindex(columns=columns).fillna("").rename_axis("sample_id")
