from __future__ import annotations

import pytest

from drugresponse.errors import InputError
from drugresponse.readers import read_responses
from drugresponse.readers.source.json_results import results_in_json
from drugresponse.readers.source.source import Source


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b'{\n "qc": {"num_reads_mapped": 4232866', "tb-profiler"),
        (b'{"id": "S1", "pipeline": {}, "lineage": [], "main_lineage": "lineage4"}', "tb-profiler"),
        (b'[{"subtypeText": "B"', "sierra"),
        (b'{"data": {"viewer": {"sequenceAnalysis": [{"inputSequence": {"header": "P1"}', "sierra"),
        (b'{"type": "software_result", "databases": {"ResFinder-2.4.0": {}}}', ""),
        (b'{"genes": {"inputSequences": 7}}', ""),
    ],
)
def test_results_in_json__told_by_the_names_of_fields(head, expected):
    assert results_in_json(head) == expected


@pytest.mark.parametrize(("field", "name"), [("dr_variants", "TB-Profiler"), ("inputSequence", "Sierra")])
def test_source__results_are_genotypes_and_no_table(tmp_path, field, name):
    file = tmp_path / "results.json"
    file.write_text(f'{{"{field}": []}}')
    assert Source(file).content == name.lower()
    with pytest.raises(InputError, match=f"this is JSON of {name} .* Give it as genotypes"):
        read_responses(file)
