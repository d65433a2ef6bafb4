"""JSON that is read: whose results it holds, told by the names of its fields."""

from __future__ import annotations

import re

__all__ = ["results_in_json"]

_FIELDS = (
    (
        re.compile(
            rb'"(?:dr_variants|other_variants|main_lin(?:eage)?|tbprofiler_version|spoligotype|num_reads_mapped)"'
        ),
        "tb-profiler",
    ),
    (
        re.compile(rb'"(?:alignedGeneSequences|allGeneSequenceReads|inputSequence|subtypeText|bestMatchingSubtype)"'),
        "sierra",
    ),
)
"""Fields of a result, some of which stand in its first bytes."""


def results_in_json(head: bytes) -> str:
    """Whose results a JSON document holds.

    Parameters
    ----------
    head
        Its first bytes.

    Returns
    -------
    str
        `tb-profiler`, `sierra`, or "" where it is neither.

    Examples
    --------
    >>> results_in_json(b'{"id": "S1", "main_lineage": "lineage4"}'), results_in_json(b'{"genes": {}}')
    ('tb-profiler', '')
    """
    return next((name for fields, name in _FIELDS if fields.search(head)), "")
