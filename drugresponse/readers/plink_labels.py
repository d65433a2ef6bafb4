"""What the calls of a PLINK file belong to: samples of .fam and .psam, variants of .bim and .pvar."""

from __future__ import annotations

import io
import logging
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow
from numpy.typing import NDArray

from drugresponse.errors import InputError, show_ids
from drugresponse.readers.content import open_checked, unpacked_bytes

__all__ = ["PlinkVariants", "read_plink_samples", "read_plink_variants"]

logger = logging.getLogger(__name__)

_ZSTANDARD = b"\x28\xb5\x2f\xfd"
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
_CHROMOSOME_PREFIX = re.compile("^chr", re.IGNORECASE)
_HUMAN_CODES = {"23": "X", "24": "Y", "25": "X", "XY": "X", "PAR1": "X", "PAR2": "X", "26": "MT"}
_LAST_HUMAN_CODE = 26
_FEW_WORDS = dict.fromkeys(("chromosome", "ref", "alt"), "category")
_NO_ALLELE = ("0", ".", "*")
_EMPTY = ("", np.nan)
_GENE = re.compile(r"(?:^|;)GENEINFO=([^;:|]*)")


@dataclass(frozen=True, eq=False)
class PlinkVariants:
    """The variants of a fileset, and the alternate alleles that are read.

    Attributes
    ----------
    alleles
        One row for each alternate allele, in the order of the file: `feature_id, gene, chromosome, position` (Int64),
        `ref, alt`; `variant` (row of the file, from 0) and `allele` (1 for the first alternate) say where its calls
        stand.
    n_alleles
        `(n_variants,)` number of alleles of each variant, the reference included, at least 2.
    """

    alleles: pd.DataFrame
    n_alleles: NDArray[np.uintp]


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
            raise _short(path, number, len(cells), needed)
    if not rows:
        raise InputError(f"{path.name}: found no samples (expected one on each line). Check the file.")
    own = [cells[needed - 1] for _, cells in rows]
    families = [cells[names.index("FID")] if "FID" in names else "0" for _, cells in rows]
    return _unique_samples(own, families, path)


def read_plink_variants(path: Path) -> PlinkVariants:
    """Variants of a .bim or .pvar file (also .pvar.zst), the alternate alleles of each split.

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
    table = _bim_table(path) if _is_bim(path) else _pvar_table(path)
    if table.empty:
        raise InputError(f"{path.name}: found no variants (expected one on each line). Check the file.")
    counts = {text: text.count(",") + 1 for text in table["alt"].cat.categories}
    n_alternates = table["alt"].astype(object).map(counts).to_numpy(dtype=np.int64)
    variant = np.repeat(np.arange(len(table)), n_alternates)
    alleles = pd.DataFrame(
        {
            "variant": variant,
            "allele": np.arange(len(variant)) - np.repeat(np.cumsum(n_alternates) - n_alternates, n_alternates) + 1,
            "chromosome": _chromosome_names(table["chromosome"])[variant],
            "position": table["position"].to_numpy()[variant],
            "ref": table["ref"].to_numpy(dtype=object)[variant],
            "alt": np.array(",".join(table["alt"].astype(object)).split(","), dtype=object),
            "gene": table["gene"].to_numpy(dtype=object)[variant],
            "name": table["name"].to_numpy(dtype=object)[variant],
        }
    )
    return PlinkVariants(_named_alleles(alleles, path), (n_alternates + 1).astype(np.uintp))


def _unique_samples(own: list[str], families: list[str], path: Path) -> list[str]:
    counts = Counter(own)
    repeated = {each for each, count in counts.items() if count > 1}
    if repeated:
        logger.warning(
            "%s: IID %s stands on more than one line; such samples are named FID_IID.",
            path.name,
            show_ids(sorted(repeated)),
        )
    pairs = zip(families, own, strict=True)
    ids = [f"{family}_{each}" if each in repeated and family != "0" else each for family, each in pairs]
    twice = [each for each, count in Counter(ids).items() if count > 1]
    if twice:
        raise InputError(
            f"{path.name}: sample {show_ids(twice)} stands on more than one line "
            "(expected each FID and IID once). Rename or remove the repeats."
        )
    return ids


def _is_bim(path: Path) -> bool:
    return path.suffix == ".bim"


def _bim_table(path: Path) -> pd.DataFrame:
    content = _bytes(path)
    first = content.lstrip().split(b"\n", 1)[0].split()
    if len(first) not in (5, 6):
        raise _short(path, 1, len(first), 6)
    # the genetic position, in front of the position, may be left out
    columns = ["chromosome", "name", *(["distance"] if len(first) == 6 else []), "position", "alt", "ref"]
    table = _parsed(content, columns, r"\s+", path)
    _refuse_short_lines(table, path, 0)
    return table.assign(gene="")


def _pvar_table(path: Path) -> pd.DataFrame:
    content = _bytes(path)
    start = 0
    while content.startswith(b"##", start):
        start = content.find(b"\n", start) + 1 or len(content)
    header = content[start : content.find(b"\n", start) + 1 or len(content)].decode("utf-8", "replace").split()
    if not header or header[0] != "#CHROM":
        return _bim_table(path)  # without a header, the columns are those of .bim
    renamed = {"#CHROM": "chromosome", "POS": "position", "ID": "name", "REF": "ref", "ALT": "alt", "INFO": "info"}
    absent = [name for name in renamed if name != "INFO" and name not in header]
    if absent:
        raise InputError(
            f"{path.name}: found no column {show_ids(absent)} in its header (expected #CHROM POS ID REF ALT). "
            "Write it anew with plink2 --make-pgen."
        )
    body = content[content.find(b"\n", start) + 1 or len(content) :]
    n_skipped = content.count(b"\n", 0, start) + 1
    table = _parsed(body, [renamed.get(name, name) for name in header], "\t", path, n_skipped)
    _refuse_short_lines(table, path, n_skipped)
    genes = table["info"].map(_gene) if "info" in table.columns else ""
    return table.assign(gene=genes)


def _parsed(content: bytes, columns: list[str], separator: str, path: Path, n_skipped: int = 0) -> pd.DataFrame:
    wanted = [name for name in columns if name in ("chromosome", "name", "position", "ref", "alt", "info")]
    if not content.strip():
        return pd.DataFrame(columns=wanted, dtype=object)
    try:
        return _read_columns(content, columns, wanted, separator, _FEW_WORDS | {"position": np.int64})
    except ValueError:
        pass  # cell by cell, to say where
    try:
        table = _read_columns(content, columns, wanted, separator, {})
    except (ValueError, OverflowError) as error:  # also what is not UTF-8
        raise InputError(
            f"{path.name}: the lines cannot be read as columns ({_first_line(error)}). Check it."
        ) from error
    numbers = pd.to_numeric(table["position"], errors="coerce").to_numpy(dtype=np.float64)
    wrong = ~(np.abs(numbers) < 2**31) | (numbers != np.floor(numbers))
    if wrong.any():
        at = int(np.argmax(wrong))
        raise InputError(
            f'{path.name}, line {at + 1 + n_skipped}: position "{table["position"].iloc[at]}" is not a whole number. '
            "Correct the line."
        )
    return table.assign(position=numbers.astype(np.int64)).astype(_FEW_WORDS)


def _read_columns(
    content: bytes, columns: list[str], wanted: list[str], separator: str, types: Mapping[str, Any]
) -> pd.DataFrame:
    return pd.read_csv(
        io.BytesIO(content),
        sep=separator,
        header=None,
        names=columns,
        usecols=wanted,
        index_col=False,
        dtype={name: types.get(name, str) for name in wanted},
        quoting=3,
        keep_default_na=False,
        engine="c",
    )


def _refuse_short_lines(table: pd.DataFrame, path: Path, n_skipped: int) -> None:
    short = (table["ref"].isin(_EMPTY) | table["alt"].isin(_EMPTY)).to_numpy()
    if short.any():
        raise InputError(
            f"{path.name}, line {int(np.argmax(short)) + 1 + n_skipped}: the line has fewer columns than others. "
            "Correct the line."
        )


def _chromosome_names(written: pd.Series) -> NDArray[np.object_]:
    bare = [_CHROMOSOME_PREFIX.sub("", name) for name in written.cat.categories]
    human = all(int(name) <= _LAST_HUMAN_CODE for name in bare if name.isdecimal())
    names = [_HUMAN_CODES.get(name, name) if human else name for name in bare]
    return np.array(names, dtype=object)[written.cat.codes.to_numpy()]


def _named_alleles(alleles: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Feature ids as those of a VCF; what has no place in the genome is called by its own name."""
    known = ~(alleles["alt"].isin(_NO_ALLELE) | alleles["ref"].isin(_NO_ALLELE)).to_numpy()
    placed = ((alleles["position"] > 0) & (alleles["chromosome"] != "0")).to_numpy()
    nameless = known & ~placed & alleles["name"].isin((".", "")).to_numpy()
    if nameless.any():
        logger.warning(
            "%s: %d alleles have neither a place nor a name and are left out.", path.name, int(nameless.sum())
        )
    kept = known & ~nameless
    if not kept.any():
        raise InputError(f"{path.name}: none of its variants has an alternate allele (expected one). Check the file.")
    if not kept.all():
        alleles, placed = alleles[kept], placed[kept]
    parts = [alleles[name].tolist() for name in ("chromosome", "position", "ref", "alt", "name")]
    ids = [f"{chromosome}:{position}:{ref}:{alt}" for chromosome, position, ref, alt, _ in zip(*parts, strict=True)]
    for at in np.flatnonzero(~placed):
        ids[at] = ":".join(parts[column][at] for column in (4, 2, 3))
    described = alleles.drop(columns="name").assign(feature_id=ids)
    if not placed.all():
        described["chromosome"] = described["chromosome"].where(described["chromosome"] != "0", "")
        described["position"] = described["position"].astype("Int64").where(placed)
    return described


def _gene(info: str) -> str:
    found = _GENE.search(info)
    return found[1] if found else ""


def _text(path: Path) -> str:
    try:
        return _bytes(path).decode("utf-8-sig").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise InputError(f"{path.name}: the file is not UTF-8 text. Save it as UTF-8.") from error


def _bytes(path: Path) -> bytes:
    content = unpacked_bytes(open_checked(path))
    if content.startswith(_ZSTANDARD):
        try:
            with pyarrow.CompressedInputStream(pyarrow.BufferReader(content), "zstd") as stream:
                content = stream.read()
        except OSError as error:
            raise InputError(f"{path.name}: the compressed file is truncated or damaged. Copy it again.") from error
    if _CONTROL.search(content):
        raise InputError(f"{path.name}: the file is binary (expected lines of text). Give the fileset's own file.")
    return content


def _short(path: Path, line: int, found: int, expected: int) -> InputError:
    return InputError(
        f"{path.name}, line {line}: found {found} columns (expected {expected} or more, parted by blanks or tabs). "
        "Correct the line."
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
