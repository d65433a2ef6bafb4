"""Blocks of omics in a form: datasets are blocks of the names that they bear in a history or in a list."""

from __future__ import annotations

from typing import Any

from drugresponse.galaxy._xml import gx

__all__ = ["SECTION", "add_block_choice", "block_lines"]

SECTION = "genotype_options"
"""Where the choice stands: the forms of training show as many fields as they may."""
_FIELD = "blocks"
_NAMED = "named"
_LABEL = "Several files of genotypes are"
_HELP = (
    "Names keep features of one gene apart, such as its expression and its mutations, and prediction finds a block by "
    "its name: that of the element where a list is chosen (Build List), else that of the dataset, without .tsv and the "
    "like. A sample sheet takes none. A block in several files, such as a VCF for each patient, is made one file by "
    "prepare first."
)
_OPTIONS = {
    "joined": "Parts of the same genotypes, such as chromosomes or patients",
    _NAMED: "Blocks of the same samples, such as expression and mutation, by their names",
}
_SUFFIXES = "bcf|bgz|csv|gz|h5ad|maf|parquet|raw|tabular|traw|tsv|txt|vcf|xls|xlsx|zip"


def add_block_choice(section: Any) -> None:
    """Add to a section of a form the choice whether several files are blocks with names."""
    section.append(gx.SelectParam(_FIELD, options=_OPTIONS, default="joined", label=_LABEL, help=_HELP))


def block_lines() -> list[str]:
    """The lines that set `$block`, what stands before the path of one file: the name of its block, or nothing.

    They follow the line that sets `$label`. A name of which nothing is left is handed on as it is, and refused.
    """
    return [
        "#set $block = ''",
        f"#if str(${SECTION}.{_FIELD}) == '{_NAMED}'",
        rf"    #set $block = re.sub(r'(?i)(\.({_SUFFIXES}))+$', '', $label)",
        r"    #set $block = re.sub(r'(_|[^\w.-])+', '_', re.sub(r'^[^A-Za-z]+', '', $block)).strip('_') or $label",
        "    #set $block = $block + '='",
        "#end if",
    ]
