"""Blocks of features by name: expression, copy number, mutations ... of the same samples, each on its own scale."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.ids import spellings_alike, suggest_ids
from drugresponse.data.variants.genome_order import genome_order
from drugresponse.errors import InputError, count, quoted, show_ids

__all__ = ["block_names", "in_block", "joined_blocks", "refuse_other_samples", "refuse_wrong_block_name"]

_NAME = re.compile(r"[A-Za-z][\w.-]*")
_TAKEN = ("covariates",)


def block_names(genotypes: Genotypes) -> list[str]:
    """The blocks of some genotypes, in the order of their features."""
    return [str(name) for name in genotypes.features["block"].unique()]


def refuse_wrong_block_name(name: object) -> str:
    """The name of a block, refused where it cannot be one.

    Raises
    ------
    InputError
        It does not begin with a letter, holds blanks or signs, or is the name of the covariates' block.

    Examples
    --------
    >>> refuse_wrong_block_name("copy_number")
    'copy_number'
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name in _TAKEN:
        raise InputError(
            f"genotypes: found {quoted(str(name), 40)} as the name of a block (expected letters, digits, _, - and ., a "
            "letter first, and not covariates). Rename the block."
        )
    return name


def in_block(genotypes: Genotypes, name: str, where: str) -> Genotypes:
    """The same genotypes as one block of this name.

    Parameters
    ----------
    genotypes
        Of one source.
    name
        Of the block.
    where
        What messages call the source.

    Raises
    ------
    InputError
        The name is none, or the same feature stands in several blocks of the source: they have names already.

    Examples
    --------
    >>> table = Genotypes.from_dense([[0.5]], ["s1"], ["TP53"])
    >>> in_block(table, "expression", "expr.tsv").features["block"].tolist()
    ['expression']
    """
    refuse_wrong_block_name(name)
    if not genotypes.features.index.is_unique:
        raise InputError(
            f'{where}: found the blocks {show_ids(block_names(genotypes))}, and "{name}" as the name of one (expected '
            "a single block for a name). Leave the name out: they have names already."
        )
    features = genotypes.features.assign(block=name)
    order = genome_order(features)
    renamed = replace(genotypes, features=features)
    return renamed if np.array_equal(order, np.arange(len(order))) else renamed.select(order)


def joined_blocks(blocks: Mapping[str, Genotypes]) -> Genotypes:
    """Named blocks side by side; a sample that a block lacks is missing there.

    Parameters
    ----------
    blocks
        Genotypes by the name of their block.

    Raises
    ------
    InputError
        There is no block, a name is none, or a block has no sample of another one.

    Examples
    --------
    >>> expression = Genotypes.from_dense([[0.5], [0.1]], ["s1", "s2"], ["TP53"])
    >>> mutation = Genotypes.from_dense([[1.0]], ["s1"], ["TP53"])
    >>> joined_blocks({"expression": expression, "mutation": mutation}).dense().tolist()
    [[0.5, 1.0], [0.10000000149011612, nan]]
    """
    named = {str(name): in_block(table, name, f'genotypes, block "{name}"') for name, table in blocks.items()}
    refuse_other_samples(named)
    return Genotypes.join(list(named.values()))


def refuse_other_samples(blocks: Mapping[str, Genotypes]) -> None:
    """Refuse blocks of which two have no sample in common: they are of the same samples.

    Parameters
    ----------
    blocks
        By the name that messages have for each.
    """
    seen: dict[str, Genotypes] = {}
    for name, table in blocks.items():
        for before, earlier in seen.items():
            if not len(earlier.sample_ids.intersection(table.sample_ids)):
                alike = spellings_alike(table.sample_ids, earlier.sample_ids)
                advice = (
                    suggest_ids(table.sample_ids, earlier.sample_ids)
                    if alike
                    else f"The first has such as {show_ids(earlier.sample_ids[:2])}, the second "
                    f"{show_ids(table.sample_ids[:2])}. Give blocks of the same samples; files of other samples with "
                    "the same features are put below each other before."
                )
                raise InputError(
                    f"genotypes: the blocks {before} ({count(earlier.shape[0], 'sample')}) and {name} "
                    f"({count(table.shape[0], 'sample')}) have no sample in common (expected the same samples, some of "
                    f"which a block may lack). {advice}"
                )
        seen[name] = table
