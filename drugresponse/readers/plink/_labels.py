"""What the calls of a PLINK file belong to: samples of .fam and .psam, variants of .bim and .pvar."""

from __future__ import annotations

import logging
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.variants.chromosomes import are_human, plain_chromosome
from drugresponse.errors import InputError, show_ids
from drugresponse.readers.plink._label_lines import plink_bytes, read_variant_lines, too_short
from drugresponse.readers.plink._one_allele import named_by_model
from drugresponse.readers.variants.allele_calls import NO_ALLELE, symbolic_allele

__all__ = ["read_plink_samples", "read_plink_variants", "unique_samples", "with_feature_ids"]

logger = logging.getLogger(__name__)

_NO_ALLELE = ("0", *NO_ALLELE)
_LENGTHS = re.compile(r"(?:^|;)SVLEN=([^;]*)")
_END = re.compile(r"(?:^|;)END=([^;]*)")
_GENE = re.compile(r"(?:^|;)GENEINFO=([^;:|]*)")


def read_plink_samples(path: Path) -> list[str]:
    """Sample ids of a .fam or .psam file: IID, or FID_IID for those whose IID stands there more than once.

    Raises
    ------
    InputError
        The file is absent or damaged, a line is too short, or a sample stands there twice.
    """
    lines = [line.split() for line in _text(path).split("\n")]
    rows = [(number, cells) for number, cells in enumerate(lines, start=1) if cells and not cells[0].startswith("##")]
    header = rows.pop(0)[1] if rows and rows[0][1][0] in ("#FID", "#IID") else ["#FID", "IID"]
    names = [name.removeprefix("#") for name in header]
    if "IID" not in names:
        raise InputError(f"{path.name}, line 1: found no column IID beside #FID (expected one). Correct the header.")
    needed = names.index("IID") + 1
    for number, cells in rows:
        if len(cells) < needed:
            raise too_short(path, number, len(cells), needed)
    if not rows:
        raise InputError(f"{path.name}: found no samples (expected one on each line). Check the file.")
    own = [cells[needed - 1] for _, cells in rows]
    families = [cells[names.index("FID")] if "FID" in names else "0" for _, cells in rows]
    return unique_samples(own, families, path)


def read_plink_variants(
    path: Path, known_features: pd.DataFrame | None = None
) -> tuple[pd.DataFrame, NDArray[np.uintp], pd.DataFrame]:
    """Variants of a .bim or .pvar file (also .pvar.zst), the alternate alleles of each split.

    Parameters
    ----------
    path
        The file.
    known_features
        Features of a trained model, by whose alleles a variant is read of which the file names one.

    Returns
    -------
    alleles : pandas.DataFrame
        One row for each alternate allele, in the order of the file: `name` (of the variant), `gene, chromosome,
        position, ref, alt`; `variant` (row of the file, from 0) and `allele` (1 for the first alternate) say where its
        calls stand (0 counts the reference, as `named_by_model` tells); `info` is the text of INFO, and where the file
        has it `filter` is that of FILTER.
    n_alleles : numpy.ndarray
        `(n_variants,)` number of alleles of each variant of the file, the reference included, at least 2.
    untold : pandas.DataFrame
        `chromosome, position, ref, alt` of variants that are passed over though somebody may carry an alternate: of
        which the file names one allele, and not which of the two it is.

    Notes
    -----
    In a .bim file the first allele (A1) is the alternate and the second (A2) the reference, as PLINK 2 reads it. The
    chromosome codes of PLINK become names (23 X, 24 Y, 25 and XY and PAR1 and PAR2 X, 26 MT) unless the file has codes
    above 26, which are not human. Alleles that nobody carries (`0`, `.`) and `*` are passed over.

    Raises
    ------
    InputError
        The file is absent or damaged, a line is too short, or a position is no whole number.
    """
    table = read_variant_lines(path)
    if table.empty:
        raise InputError(f"{path.name}: found no variants (expected one on each line). Check the file.")
    table = table.assign(ref=_in_capitals(table["ref"]), alt=_in_capitals(table["alt"]))
    written = table["alt"].cat
    counts = np.array([text.count(",") + 1 for text in written.categories], dtype=np.int64)
    n_alternates = counts[written.codes.to_numpy()]
    variant = np.repeat(np.arange(len(table)), n_alternates)
    has_info = "info" in table.columns
    genes = np.array([_gene(info) for info in table["info"]] if has_info else [], dtype=object)
    alleles = pd.DataFrame(
        {
            "variant": variant,
            "allele": np.arange(len(variant)) - np.repeat(np.cumsum(n_alternates) - n_alternates, n_alternates) + 1,
            "chromosome": _chromosome_names(table["chromosome"])[variant],
            "position": table["position"].to_numpy()[variant],
            "ref": table["ref"].to_numpy(dtype=object)[variant],
            "alt": _alternates(table["alt"]),
            "gene": genes[variant] if has_info else "",
            "info": table["info"].array.take(variant) if has_info else "",
            "name": table["name"].array.take(variant),
        }
    )
    if "filter" in table.columns:
        alleles["filter"] = table["filter"].array.take(variant)
    if written.categories.str.contains("<", regex=False).any():
        _tell_symbolic_apart(alleles)
    alleles = named_by_model(alleles, known_features, path.name)
    # where REF is the genome's, one without alternate is the reference
    lone = alleles[alleles["ref"].isin(_NO_ALLELE) | (alleles["alt"].isin(("0", ".")) & (path.suffix == ".bim"))]
    return _nameable(alleles, path), (n_alternates + 1).astype(np.uintp), lone[["chromosome", "position", "ref", "alt"]]


def unique_samples(own: list[str], families: list[str], path: Path) -> list[str]:
    """IID of each sample, or FID_IID of those whose IID stands there more than once.

    Raises
    ------
    InputError
        A sample stands there twice.
    """
    counts = Counter(own)
    repeated = {name for name, count in counts.items() if count > 1}
    if repeated:
        logger.warning(
            f"{path.name}: IID {show_ids(sorted(repeated))} stands on more than one line; such samples are named "
            "FID_IID."
        )
    pairs = zip(families, own, strict=True)
    ids = [f"{family}_{name}" if name in repeated and family != "0" else name for family, name in pairs]
    twice = [name for name, count in Counter(ids).items() if count > 1]
    if twice:
        raise InputError(
            f"{path.name}: sample {show_ids(twice)} stands on more than one line "
            "(expected each FID and IID once). Rename or remove the repeats."
        )
    return ids


def _chromosome_names(written: pd.Series) -> NDArray[np.object_]:
    human = are_human(written.cat.categories)
    names = [plain_chromosome(name, human=human) for name in written.cat.categories]
    return np.array(names, dtype=object)[written.cat.codes.to_numpy()]


def _in_capitals(alleles: pd.Series) -> pd.Series:
    """Bases are the same in lower case; the few spellings of a column of categories, with symbols as they are."""
    spelt = {name: name if "<" in name else name.upper() for name in alleles.cat.categories}
    if all(name == upper for name, upper in spelt.items()):
        return alleles
    return alleles.astype(object).map(spelt).astype("category")


def _alternates(written: pd.Series) -> NDArray[np.object_]:
    whole = written.to_numpy(dtype=object)
    if not written.cat.categories.str.contains(",", regex=False).any():
        return whole
    return np.array(",".join(whole).split(","), dtype=object)


def _tell_symbolic_apart(alleles: pd.DataFrame) -> None:
    """Give symbolic alleles their length, by INFO; in place."""
    symbolic = np.flatnonzero(alleles["alt"].str.startswith("<").to_numpy(dtype=bool))
    rows = alleles.iloc[symbolic][["alt", "position", "info", "allele"]]
    named = [
        symbolic_allele(alternate, position, _told(_LENGTHS, info), _told(_END, info), allele - 1)
        for alternate, position, info, allele in rows.itertuples(index=False)
    ]
    alleles.loc[alleles.index[symbolic], "alt"] = named
    # a .bim file has no INFO: what stands at one place is then told apart by the names of the variants
    place = ["chromosome", "position", "ref", "alt"]
    twice = symbolic[alleles.iloc[symbolic].duplicated(place, keep=False).to_numpy()]
    rows = alleles.iloc[twice][["alt", "name"]].astype(str)
    alleles.loc[alleles.index[twice], "alt"] = [f"{alternate[:-1]}:{name}>" for alternate, name in rows.to_numpy()]


def _told(field: re.Pattern[str], info: str) -> str | None:
    value = field.search(info)
    return value[1] if value else None


def _nameable(alleles: pd.DataFrame, path: Path) -> pd.DataFrame:
    """The alleles that somebody may carry and that have a place in the genome or a name of their own."""
    known = ~(alleles["alt"].isin(_NO_ALLELE) | alleles["ref"].isin(_NO_ALLELE)).to_numpy()
    unplaced = np.flatnonzero(known & ~_placed(alleles))
    nameless = unplaced[alleles["name"].iloc[unplaced].isin((".", "")).to_numpy(dtype=bool)]
    if len(nameless):
        logger.warning("%s: %d alleles have neither a place nor a name and are left out.", path.name, len(nameless))
    known[nameless] = False
    if not known.any():
        raise InputError(f"{path.name}: none of its variants has an alternate allele (expected one). Check the file.")
    return alleles if known.all() else alleles[known]


def with_feature_ids(alleles: pd.DataFrame) -> pd.DataFrame:
    """The alleles with `feature_id` as that of a VCF; what has no place in the genome is called by its own name."""
    placed = _placed(alleles)
    parts = [alleles[name].tolist() for name in ("chromosome", "position", "ref", "alt")]
    ids = [f"{chromosome}:{position}:{ref}:{alt}" for chromosome, position, ref, alt in zip(*parts, strict=True)]
    for at in np.flatnonzero(~placed):
        ids[at] = ":".join([str(alleles["name"].iloc[at]), parts[2][at], parts[3][at]])
    described = alleles.drop(columns=["name", "info", "filter"], errors="ignore").assign(feature_id=ids)
    if not placed.all():
        described["chromosome"] = described["chromosome"].where(described["chromosome"] != "0", "")
        described["position"] = described["position"].astype("Int64").where(placed)
    return described


def _placed(alleles: pd.DataFrame) -> NDArray[np.bool_]:
    return ((alleles["position"] > 0) & (alleles["chromosome"] != "0")).to_numpy()


def _gene(info: str) -> str:
    gene = _GENE.search(info)
    return gene[1] if gene else ""


def _text(path: Path) -> str:
    try:
        return plink_bytes(path).decode("utf-8-sig").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise InputError(f"{path.name}: the file is not UTF-8 text. Save it as UTF-8.") from error
