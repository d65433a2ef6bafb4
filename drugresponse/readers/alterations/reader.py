"""Long tables of alterations, and Mutation Annotation Format -> Genotypes: gene by class of effect."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from typing import Literal

import numpy as np
import pandas as pd
from scipy import sparse

from drugresponse.data.genotypes import Genotypes
from drugresponse.errors import InputError, count, show_ids
from drugresponse.readers.alterations._rows import AlterationRows, looks_like_alterations, read_alteration_rows
from drugresponse.readers.alterations._untold import HOTSPOT, unknown_to_model, untold
from drugresponse.readers.alterations.classes import EFFECTS, SMALL_MUTATIONS
from drugresponse.readers.assayed import assayed_samples
from drugresponse.readers.genes.names import GeneNames
from drugresponse.readers.source.source import AnySource, sources_of, words_of

__all__ = ["ALTERATIONS", "looks_like_alterations", "read_alterations"]

logger = logging.getLogger(__name__)

ALTERATIONS = "alterations"
"""Name of the block."""


def read_alterations(
    paths: AnySource | Sequence[AnySource],
    *,
    known_samples: Collection[str] | None = None,
    aliases: GeneNames | None = None,
    absent_means: Literal["missing", "reference"] = "reference",
    known_features: pd.DataFrame | None = None,
    minimum_hotspot_samples: int = 5,
    minimum_carriers: int = 1,
) -> Genotypes:
    r"""Read a table with one row for each alteration of a gene in a sample, such as a MAF file.

    Parameters
    ----------
    paths
        One file or several, read as one table. Columns for sample, gene and alteration, by their usual names
        (`sample_id, gene, alteration`; `Tumor_Sample_Barcode, Hugo_Symbol, Variant_Classification`, and `HGVSp_Short`
        or `Protein_Change`). Comment lines above the header, gzip. An alteration is a class of effect in the words of
        MAF, VEP, SnpEff, ANNOVAR or cBioPortal, a protein change (`V600E`), or `wild type`; without that column, any
        mutation. A row with a sample alone says that it was assayed.
    known_samples
        Sample ids of the other tables: those without a row count as assayed too.
    aliases
        Names of genes in use.
    absent_means
        What it means that an assayed sample has no row for a gene: not altered, or missing.
    known_features
        Rows of `features` that a trained model holds, with `block`, `gene` and `effect` where known: made whether or
        not a sample here bears them, so that what nobody bears reads as not altered, not as an absent feature.
    minimum_hotspot_samples
        A protein change that so many samples bear becomes a feature of its own.
    minimum_carriers
        Features that fewer samples bear are left out.

    Returns
    -------
    Genotypes
        Kind `altered`, block `alterations`. Ids are `GENE_effect` with effect lof, splice, inframe, missense, mutation
        (any of those before, where it differs from each), deletion, amplification, loss, gain, fusion, or a term of the
        file; and `GENE_change` for a hotspot (effect `hotspot`), beside its class. Where no row of a sample tells the
        effect of a mutation, the classes of its gene are missing, and without its protein change the hotspots of its
        class.

    Raises
    ------
    InputError
        As `read_alteration_rows`; or nothing in the file alters a gene, or none of its samples is known.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "alterations.dat")
    ...     rows = ["sample_id\tgene\talteration", "s1\tBRAF\tV600E", "s1\tTP53\tR213*", "s2\tTP53\tsilent"]
    ...     _ = file.write_text("\n".join(rows) + "\n")
    ...     genotypes = read_alterations(file, known_samples=["s1", "s3"])
    >>> genotypes.sample_ids.tolist(), genotypes.features.index.tolist()
    (['s1', 's2', 's3'], ['BRAF_missense', 'TP53_lof'])
    >>> genotypes.dense().tolist()
    [[1.0, 1.0], [0.0, 0.0], [0.0, 0.0]]
    """
    files = sources_of(paths)
    where = words_of(files)
    rows = AlterationRows.join([read_alteration_rows(file, aliases=aliases) for file in files])
    wanted = _wanted(known_features)
    rows = rows.in_one_case(wanted["gene"], where)
    carriers = _carriers(rows.altered)
    features = _informative(carriers, wanted.index, minimum_hotspot_samples, minimum_carriers)
    if absent_means == "reference":
        nobody = wanted[~wanted.index.isin(features.index)]
        features = pd.concat([features, nobody])
        samples = assayed_samples(rows.samples, known_samples, where, "alterations", "unaltered")
    else:
        samples = rows.samples
    if features.empty:
        enough = f" in {minimum_carriers} or more samples" if minimum_carriers > 1 else ""
        raise InputError(
            f"{where}: found no alteration that changes a protein{enough} (expected at least one). "
            "Check the column of alterations."
        )
    logger.info("%s: %d samples x %d features of altered genes.", where, len(samples), len(features))
    unknown = unknown_to_model(rows.altered, wanted)
    _tell_of_unknown(unknown, where)
    unknown = pd.concat([untold(rows.altered, features), unknown])
    values = _values(rows, carriers, features, samples, absent_means, unknown)
    return Genotypes.build(values, samples, features.assign(kind="altered", block=ALTERATIONS))


def _tell_of_unknown(unknown: pd.DataFrame, where: str) -> None:
    if len(unknown):
        terms = (unknown["gene"] + " " + unknown["effect"]).unique()
        logger.warning(
            f"{where}: the model does not know {show_ids(terms)}; in {count(unknown['sample'].nunique(), 'sample')} "
            "the gene is missing, but for the alterations that are known."
        )


def _carriers(altered: pd.DataFrame) -> pd.DataFrame:
    """Who bears which feature: distinct `feature_id, gene, effect, sample, parent`, `parent` being the wider effect."""
    gene = altered["gene"] + "_"
    classes = altered.assign(feature_id=gene + altered["effect"], parent="")[altered["effect"] != "mutation"]
    any_small = altered.assign(feature_id=gene + "mutation", effect="mutation", parent="")
    small = any_small[altered["effect"].isin(SMALL_MUTATIONS)]
    every_change = altered.assign(feature_id=gene + altered["change"], effect=HOTSPOT, parent=altered["effect"])
    hotspots = every_change[altered["change"] != ""]
    carriers = pd.concat([classes, small, hotspots], ignore_index=True)
    return carriers.drop_duplicates(["feature_id", "sample"], ignore_index=True)


def _informative(
    carriers: pd.DataFrame, wanted: pd.Index, minimum_hotspot_samples: int, minimum_carriers: int
) -> pd.DataFrame:
    """The features to keep, index `feature_id`, columns `gene, effect`: none that repeats a narrower or wider one."""
    features = carriers.drop_duplicates("feature_id").set_index("feature_id")
    n = carriers.groupby("feature_id").size().reindex(features.index)
    specific = features["effect"].isin(SMALL_MUTATIONS) & (features["effect"] != "mutation")
    widest = n[specific].groupby(features.loc[specific, "gene"]).max()
    of_gene = features["gene"].map(widest).fillna(0)
    parent = n.reindex(features["gene"] + "_" + features["parent"]).to_numpy()
    repeats = ((features["effect"] == "mutation") & (n == of_gene)) | ((features["effect"] == HOTSPOT) & (n == parent))
    rare = n < np.where(features["effect"] == HOTSPOT, max(minimum_hotspot_samples, minimum_carriers), minimum_carriers)
    kept = features.index.isin(wanted) | ~(repeats | rare).to_numpy()
    return features.loc[kept, ["gene", "effect"]]


def _wanted(known_features: pd.DataFrame | None) -> pd.DataFrame:
    """The known features of this block, index `feature_id`, columns `gene, effect`."""
    if known_features is None:
        return pd.DataFrame({"gene": [], "effect": []}, index=pd.Index([], name="feature_id"), dtype=object)
    known = known_features
    if "block" in known.columns:
        known = known[known["block"] == ALTERATIONS]
    ids = [str(feature_id) for feature_id in known.index]
    written_genes, written_effects = (
        known[name].astype(str).tolist() if name in known.columns else [""] * len(ids) for name in ("gene", "effect")
    )
    genes = [gene or feature_id.rpartition("_")[0] for feature_id, gene in zip(ids, written_genes, strict=True)]
    ends = [feature_id[len(gene) + 1 :] for feature_id, gene in zip(ids, genes, strict=True)]
    effects = [
        effect or (end if end in EFFECTS else HOTSPOT) for effect, end in zip(written_effects, ends, strict=True)
    ]
    return pd.DataFrame({"gene": genes, "effect": effects}, index=pd.Index(ids, name="feature_id"), dtype=object)


def _values(
    rows: AlterationRows,
    carriers: pd.DataFrame,
    features: pd.DataFrame,
    samples: Sequence[str],
    absent_means: str,
    unknown: pd.DataFrame,
) -> sparse.csr_array:
    number = pd.Index(samples)
    carriers = carriers[carriers["feature_id"].isin(features.index)]
    cell = ["sample", "feature_id"]
    unknown = unknown[cell].drop_duplicates()
    unknown = unknown[~pd.MultiIndex.from_frame(unknown).isin(pd.MultiIndex.from_frame(carriers[cell]))]
    at, not_told = (
        (number.get_indexer(pd.Index(cells["sample"])), features.index.get_indexer(pd.Index(cells["feature_id"])))
        for cells in (carriers, unknown)
    )
    shape = (len(samples), len(features))
    if absent_means == "reference":
        values = np.concatenate([np.full(len(unknown), np.nan), np.ones(len(carriers))]).astype(np.float32)
        return sparse.csr_array((values, tuple(map(np.concatenate, zip(not_told, at, strict=True)))), shape=shape)
    dense = np.full(shape, np.nan, dtype=np.float32)
    for gene, declared in rows.unaltered.groupby("gene"):
        dense[np.ix_(number.get_indexer(pd.Index(declared["sample"])), np.flatnonzero(features["gene"] == gene))] = 0
    dense[not_told] = np.nan
    dense[at] = 1
    return sparse.csr_array(dense)
