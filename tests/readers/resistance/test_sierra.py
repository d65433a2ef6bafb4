from __future__ import annotations

import json

import numpy as np
import pytest

from drugresponse.errors import InputError
from drugresponse.readers import read_genotypes


def mutation(consensus, position, residues, **told):
    return {
        "consensus": consensus,
        "position": position,
        "AAs": residues,
        "isInsertion": False,
        "isDeletion": False,
    } | told


def gene(name, first, last, *mutations):
    return {"firstAA": first, "lastAA": last, "gene": {"name": name, "length": None}, "mutations": list(mutations)}


def result(header, *genes):
    return {"inputSequence": {"header": header}, "subtypeText": "B", "validationResults": [],
            "alignedGeneSequences": list(genes), "drugResistance": []}  # fmt: skip


INDELS = [mutation("T", 69, "-", isDeletion=True), mutation("K", 65, "_", isInsertion=True)]
RESULTS = [
    result("P1", gene("RT", 1, 240, mutation("M", 184, "MV"), mutation("T", 215, "FY"), mutation("K", 65, "R"))),
    result("P2", gene("RT", 40, 200), gene("PR", 1, 99, mutation("V", 82, "A"))),
    result("P3", gene("PR", 1, 99), gene("RT", 1, 240, mutation("M", 184, "X"), *INDELS)),
]


def write(path, value):
    path.write_text(value if isinstance(value, str) else json.dumps(value, indent=2))
    return path


def test_read_sierra__each_residue_counts_and_what_was_not_sequenced_is_missing(tmp_path):
    genotypes = read_genotypes(write(tmp_path / "dataset_1.dat", RESULTS))
    assert genotypes.sample_ids.tolist() == ["P1", "P2", "P3"]
    assert genotypes.features.index.tolist() == [
        "PR_82A", "RT_184V", "RT_215F", "RT_215Y", "RT_65R", "RT_65ins", "RT_69del",
    ]  # fmt: skip
    assert set(genotypes.features["block"]) == {"substitutions"}
    nan = np.nan
    np.testing.assert_array_equal(
        genotypes.dense(),
        [[nan, 1, 1, 1, 1, 0, 0], [1, 0, nan, nan, 0, 0, 0], [0, nan, 0, 0, 0, 1, 1]],
    )
    told = read_genotypes(write(tmp_path / "again.json", RESULTS), absent_means="reference")
    np.testing.assert_array_equal(told.dense()[1], [1, 0, 0, 0, 0, 0, 0])


def test_read_sierra__answer_of_the_server_and_older_files(tmp_path):
    whole = read_genotypes(write(tmp_path / "list.json", RESULTS))
    wrapped = {"data": {"viewer": {"sequenceAnalysis": RESULTS}}}
    assert read_genotypes(write(tmp_path / "wrapped.json", wrapped)).equals(whole)
    old = [result("P1", gene("IN", None, None, mutation("K", 14, "R", isDeletion=None, isInsertion=None)))]
    assert read_genotypes(write(tmp_path / "old.json", old)).features.index.tolist() == ["IN_14R"]


def test_read_sierra__a_sequence_alone_reads_as_among_many(tmp_path):
    whole = read_genotypes(write(tmp_path / "list.json", RESULTS))
    alone = read_genotypes(write(tmp_path / "one.json", RESULTS[1:2]), known_features=whole.features)
    assert alone.equals(whole.take(np.array([1])))


def test_read_sierra__headers_and_parts_of_a_sample(tmp_path):
    several = [result("P1 RT 2021", *RESULTS[0]["alignedGeneSequences"]), result("P1 PR 2021", gene("PR", 1, 99))]
    genotypes = read_genotypes(write(tmp_path / "a.json", several), known_samples=["P1", "P2"])
    assert genotypes.sample_ids.tolist() == ["P1"]
    assert read_genotypes(write(tmp_path / "a.json", several)).sample_ids.tolist() == ["P1 RT 2021", "P1 PR 2021"]
    twice = [RESULTS[0], result("P1", gene("RT", 200, 300))]
    with pytest.raises(InputError, match=r'sequence 2: another sequence of "P1" has sites of RT as well'):
        read_genotypes(write(tmp_path / "b.json", twice))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (json.dumps(RESULTS)[:300], "the JSON is damaged or ends early"),
        ([{"inputSequence": {"header": "P1"}, "drugResistance": []}], "found no alignedGeneSequences"),
        ([result("", gene("RT", 1, 240))], "sequence 1: found no header"),
        ([result("P1", gene("", 1, 240))], "a gene without a name"),
        ([result("P1", gene("RT", 1, 240, mutation("M", None, "V")))], 'the mutation "MNoneV" in RT'),
        ([result("P1", gene("RT", 1, 240, mutation("M", 184, "?")))], 'the mutation "M184[?]" in RT'),
        ([result("P1", gene("RT", 1, 240))], "found no gene or mutation in 1 sample"),
    ],
)
def test_read_sierra__damaged(tmp_path, value, message):
    with pytest.raises(InputError, match=message):
        read_genotypes(write(tmp_path / "results.json", value))
