"""The human genome build of which a source of genotypes is, where the file tells it."""

from __future__ import annotations

import json
from pathlib import Path

from drugresponse.errors import require
from drugresponse.readers.source.hdf5_checks import checked_part
from drugresponse.readers.source.source import AnySource, Source
from drugresponse.readers.vcf.bcf_lines import open_bcf
from drugresponse.readers.vcf.lines import open_vcf

__all__ = ["genome_build"]

_ABOUT = "uns/drugresponse"
"""Where `genotype_files` writes what a dataset remembers of its origin."""


def genome_build(path: AnySource) -> str:
    """`GRCh37`, `GRCh38`, or "" where the source does not tell.

    Parameters
    ----------
    path
        A source that could be read. VCF and BCF tell the build in their header, an .h5ad file that `prepare` wrote
        tells that of its sources; no other format does.
    """
    file = Source.of(path)
    if not file.path.is_file():
        return ""
    with file.opened():
        match file.content:
            case "vcf":
                return open_vcf(file).header.build
            case "bcf":
                return open_bcf(file).header.build
            case "hdf5":
                return _of_sources(file.path)
    return ""


def _of_sources(file: Path) -> str:
    with require("h5py", "read .h5ad files").File(file, "r", locking=False) as stored:
        try:
            sources = json.loads(checked_part(stored, _ABOUT, file)[()])["sources"]
            builds = {str(source["build"]) for source in sources if source["build"]}
        except (KeyError, TypeError, ValueError):
            return ""  # another program wrote it
    return builds.pop() if len(builds) == 1 else ""
