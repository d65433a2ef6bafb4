"""A residue a column, as published datasets of HIV write sequences -> Genotypes."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import pandas as pd

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.missing import is_missing
from drugresponse.errors import InputError, quoted
from drugresponse.readers.resistance._calls import Calls
from drugresponse.readers.resistance._sites import Sites
from drugresponse.readers.resistance._substitutions import SUBSTITUTIONS, Substitution, elements_at, residues_of

__all__ = ["genotypes_of_positions"]

_POSITION = re.compile(r"[Pp](\d+)")
_CONSENSUS, _ANY = "-", "X"


def genotypes_of_positions(
    table: pd.DataFrame,
    samples: Sequence[str],
    gene: str,
    where: str,
    consensus: Mapping[int, str] = MappingProxyType({}),
) -> Genotypes:
    """The residues beside the consensus: 1 where a sequence has one, 0 where it was read, missing where it was not.

    Parameters
    ----------
    table
        Text, a row a sequence; a column `P1`, `P2` ... for each position: `-` is the consensus, several letters a
        mixture, `#` an insertion, `~` a deletion, `*` a stop; `.`, X and what is empty was not read.
    samples
        Ids of the rows.
    gene
        Of the positions.
    where
        Name of the file.
    consensus
        Residues of the consensus by position, as far as they are known: in a mixture they are none.

    Returns
    -------
    Genotypes
        With the ids and parents of `read_substitutions`, so that lists of substitutions can be predicted from.

    Raises
    ------
    InputError
        A cell holds something else, or no sequence differs from the consensus.

    Examples
    --------
    >>> table = pd.DataFrame({"P183": ["-", "-", "."], "P184": ["MV", "-", "I"]})
    >>> genotypes = genotypes_of_positions(table, ["S1", "S2", "S3"], "RT", "NRTI.txt", {184: "M"})
    >>> genotypes.features.index.tolist(), genotypes.dense().tolist()
    (['RT_184I', 'RT_184V'], [[0.0, 1.0], [0.0, 0.0], [1.0, 0.0]])
    """
    calls, sites = Calls(), Sites()
    for sample in samples:
        calls.look(sample, SUBSTITUTIONS)
    for name in table.columns:
        if not (match := _POSITION.fullmatch(str(name).strip())):
            continue
        position = int(match[1])
        rows, words = pd.factorize(table[name].fillna("").str.strip().str.upper())
        for at, word in enumerate(words):
            residues = _residues(word, consensus.get(position, ""), f"{where}, column {quoted(str(name))}")
            elements = elements_at(Substitution(gene, position, residues or ()))
            for sample in itertools.compress(samples, rows == at):
                if residues is None:
                    sites.blur(sample, gene, position)
                for element in elements:
                    calls.find(sample, element)
    return calls.genotypes(where, None, None, sites.unseen)


def _residues(word: str, consensus: str, where: str) -> tuple[str, ...] | None:
    """Residues beside the consensus; None where the position was not read."""
    if word == _CONSENSUS:
        return ()
    if word == "." or is_missing(word):
        return None
    residues = residues_of(word, consensus)
    if residues is None:
        raise InputError(f"{where}: found {quoted(word)} (expected residues in one letter, or one of - . # ~ *).")
    return None if _ANY in word else residues
