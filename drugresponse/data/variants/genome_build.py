"""The genome build whose positions genotypes bear, as far as a file tells it, and the refusal of another."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from drugresponse.errors import InputError

__all__ = ["GenomeBuild", "refuse_other_build"]

_NAMED = {
    "GRCh37": re.compile(r"grch37|hg19|hs37|g1k_v37|(?<![a-z0-9])b37(?![0-9])", re.IGNORECASE),
    "GRCh38": re.compile(r"grch38|hg38|hs38|(?<![a-z0-9])b38(?![0-9])", re.IGNORECASE),
}


@dataclass(frozen=True)
class GenomeBuild:
    """What is known of a genome build.

    Attributes
    ----------
    name
        `GRCh37`, `GRCh38`, or another name; "" where none is told.
    lengths
        Bases of chromosomes, named without "chr", as far as they are told.

    Examples
    --------
    >>> one, other = GenomeBuild("", {"1": 249250621}), GenomeBuild("GRCh38", {"1": 248956422, "2": 242193529})
    >>> one.differs(other), other.differs(GenomeBuild("GRCh38")), one.differs(GenomeBuild())
    (True, False, False)
    """

    name: str = ""
    lengths: Mapping[str, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether anything is known."""
        return bool(self.name or self.lengths)

    def __str__(self) -> str:
        """The name, else the longest chromosome, by which people tell a build."""
        if self.name or not self.lengths:
            return self.name or "an unknown build"
        chromosome = max(self.lengths, key=self.lengths.__getitem__)
        return f"a genome whose chromosome {chromosome} has {self.lengths[chromosome]:,} bases"

    @classmethod
    def named(cls, text: str) -> GenomeBuild:
        """A build by a name that people, headers or Galaxy (dbkey) use; the human ones under one name.

        Examples
        --------
        >>> [str(GenomeBuild.named(name)) for name in ("hg19", "b38", "human_g1k_v37.fasta", "mm10", "")]
        ['GRCh37', 'GRCh38', 'GRCh37', 'mm10', 'an unknown build']
        """
        human = [build for build, words in _NAMED.items() if words.search(text)]
        return cls(human[0] if len(human) == 1 else text.strip())

    def differs(self, other: GenomeBuild) -> bool:
        """Whether it is surely another build: by their names, else by the lengths of most chromosomes of both."""
        if self.name and other.name:
            return self.name != other.name
        shared = self.lengths.keys() & other.lengths.keys()
        return 2 * sum(self.lengths[name] != other.lengths[name] for name in shared) > len(shared)

    def of(self, chromosomes: Iterable[str]) -> GenomeBuild:
        """The same with the lengths of these chromosomes alone."""
        kept = sorted(set(chromosomes) & self.lengths.keys())
        return GenomeBuild(self.name, {name: self.lengths[name] for name in kept})

    @classmethod
    def joined(cls, builds: Iterable[GenomeBuild]) -> GenomeBuild:
        """What several that do not differ tell together."""
        known = list(builds)
        names, lengths = [build.name for build in known if build.name], [build.lengths for build in reversed(known)]
        return cls(names[0] if names else "", {name: of[name] for of in lengths for name in of})

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"name": self.name, "lengths": dict(self.lengths)}

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any] | None) -> GenomeBuild:
        """As `to_dict` gave it; None where nothing was kept."""
        return cls() if kept is None else cls(str(kept["name"]), dict(kept["lengths"]))


def refuse_other_build(where: str, build: GenomeBuild, other: str, other_build: GenomeBuild) -> None:
    """Refuse positions of another build, which are other places.

    Raises
    ------
    InputError
        The two builds differ; both are named.
    """
    if build.differs(other_build):
        raise InputError(
            f"{where}: found positions of {build}, and {other} has those of {other_build} (expected one genome build, "
            "since variants are found by their positions). Bring them to one build first, for instance with bcftools "
            "+liftover."
        )
