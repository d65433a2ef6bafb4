"""Genotypes as datasets or as a sample sheet, a collection that holds covariates beside each file."""

from __future__ import annotations

from typing import Any

from drugresponse.galaxy._xml import conditional, etree, gx

__all__ = [
    "CHOICE",
    "FILES",
    "add_choice",
    "configured_list",
    "files_of_choice",
    "lines_of_list",
    "listed_option",
    "or_of_variants_only",
]

CHOICE = "genotypes_source"
"""Name of the choice in the form."""
FILES = "$genotype_files"
"""The datasets of either, in the command."""
_SHEET = f"${CHOICE}.sheet"
_CHOSEN = f"${CHOICE}.source != 'datasets'"
_VARIANTS_ONLY = f"${CHOICE}.source == 'variants'"
_LIST = "patients.tsv"
_LABEL = "Sample sheet: a VCF file of each patient, with covariates"
_HELP = (
    "A collection of VCF or BCF files, each of one patient, with columns such as age, sex and tissue beside it; the "
    "header of a file names its patient. A plain list is one without covariates."
)
_CELL = r"""'\t' + re.sub(r'[\x00-\x1f"]', ' ', '' if cell is None else str(cell))"""
"""No cell of a sheet ends its column or its line."""


class _DataCollection(gx.Param):
    type = "data_collection"


def add_choice(place: Any, field: Any) -> None:
    """Add to a form the choice between datasets and a sample sheet.

    Parameters
    ----------
    place
        The inputs of the form.
    field
        The field for datasets.
    """
    options = {
        "datasets": "Datasets, or a list of them",
        "sheet": "A sample sheet, with covariates beside each file",
        "variants": "A sample sheet whose files list variants only: what they do not list is the reference",
    }
    help_text = "A sample sheet holds in one input what the two fields for genotypes and samples hold."
    fields = {"datasets": field, "sheet": _sheet(), "variants": _sheet()}
    place.append(conditional(CHOICE, options, "The genotypes are", help_text, fields))


def _sheet() -> Any:
    # what takes lists takes sample sheets too; the schema of tools does not know their own type
    words = {"collection_type": "list", "label": _LABEL, "help": _HELP}
    return _DataCollection(name="sheet", format="vcf,vcf_bgzip,bcf", **words)


def or_of_variants_only(lines: list[str]) -> list[str]:
    """The lines of what a missing call means, which a sheet of files that list variants only tells too.

    Parameters
    ----------
    lines
        The option where its own field says it, which comes first.
    """
    return [*lines[:-1], f"#elif {_VARIANTS_ONLY}", "    --absent-means='reference'", lines[-1]]


def files_of_choice(name: str) -> list[str]:
    """The lines that begin a command: its datasets, whichever was chosen.

    Parameters
    ----------
    name
        Of the field for datasets.
    """
    return [
        f"#if {_CHOSEN}",
        f"    #set {FILES} = {_SHEET}",
        "#else",
        f"    #set {FILES} = ${CHOICE}.{name}",
        "#end if",
    ]


def lines_of_list() -> list[str]:
    """The lines that make of a sheet a list of files, before the program; the files are linked.

    The program reads no list that comes from an upload: this one bears a name that no upload can have.
    """
    return [f"#if {_CHOSEN}", f"    cp '$sheet' '{_LIST}' &&", f"    export DRUGRESPONSE_LIST='{_LIST}' &&", "#end if"]


def listed_option(option: str, lines: list[str]) -> list[str]:
    """The lines of an option that takes datasets, or the list of those of a sheet.

    Parameters
    ----------
    option
        Of the program.
    lines
        Those where datasets were chosen.
    """
    return [f"#if {_CHOSEN}", f"    {option} '{_LIST}'", "#else", *(f"    {line}" for line in lines), "#end if"]


def configured_list(linked: str, label: str) -> Any:
    """The element of a tool's XML that writes the list of files of a sheet: a path a line, and its covariates.

    Parameters
    ----------
    linked
        Where a file is linked, in terms of `$number` and `$label`.
    label
        The line that sets `$label`.
    """
    files = etree.Element("configfiles")
    lines = [
        "#import re",
        f"#if {_CHOSEN}",
        f"#set $definitions = {_SHEET}.collection.column_definitions or []",
        f"#set $names = ''.join([{_CELL} for cell in [each['name'] for each in $definitions]])",
        "path$names",
        f"#for $number, $each in enumerate({_SHEET}, 1)",
        label,
        f"#set $row = {_SHEET}.sample_sheet_row($each.element_identifier) or []",
        f"#set $cells = ''.join([{_CELL} for cell in $row])",
        f"{linked}$cells",
        "#end for",
        "#end if",
    ]
    etree.SubElement(files, "configfile", name="sheet").text = "\n".join(lines)
    return files
