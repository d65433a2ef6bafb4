"""New features in the model's terms, compared with copies counted from the alleles that each sample bears."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from drugresponse.data.genotypes import Genotypes
from drugresponse.features.alignment import Alignment, align, align_features

NAN = float("nan")
OTHER = dict(zip("ACGT", "TGCA", strict=True))
Row = tuple[str, str, int | None, str, str]
"""Id, chromosome, position, reference, alternate."""


def table(rows: Sequence[Row], kind: str = "dosage", block: str = "dosage") -> pd.DataFrame:
    ids, chromosome, position, ref, alt = zip(*rows, strict=True)
    columns = {"chromosome": chromosome, "position": position, "ref": ref, "alt": alt}
    return pd.DataFrame({"kind": kind, "block": block, **columns}, index=list(ids))


def made(rows: Sequence[Row], calls: Sequence[Sequence[float]] | None = None, kind: str = "dosage") -> Genotypes:
    values = np.zeros((1, len(rows))) if calls is None else np.array(calls, dtype=float)
    return Genotypes.build(values, [f"s{at}" for at in range(len(values))], table(rows, kind))


def found(trained: Sequence[Row], new: Genotypes) -> tuple[Alignment, dict[str, list[float]]]:
    features = made(trained).features
    alignment = align(new.features, features)
    values = alignment.values(new, np.arange(len(features)))
    return alignment, {str(name): column.tolist() for name, column in zip(features.index, values.T, strict=True)}


def others(n: int, chromosome: str = "9") -> list[Row]:
    """Variants whose strand is plain: A and C."""
    return [(f"other{at}", chromosome, 1000 + at, "A", "C") for at in range(n)]


def two_blocks() -> pd.DataFrame:
    features = pd.DataFrame({"block": ["copies"] * 2 + ["mutation"] * 2, "kind": "altered"}, index=list("abcd"))
    return Genotypes.build(np.zeros((1, 4)), ["s"], features).features


def wanted(*keys: tuple[str, str]) -> pd.MultiIndex:
    return pd.MultiIndex.from_tuples(keys)


def test_align_features__by_id_where_a_block_is_but_a_guess():
    guessed = wanted(("score", "d"), ("altered", "a"), ("score", "e"))
    assert align_features(guessed, two_blocks()).tolist() == [3, 0, -1]
    only = Genotypes.from_dense(np.zeros((1, 2)), ["s"], ["a", "b"], kind="score").features
    assert align_features(wanted(("copies", "a"), ("mutation", "b")), only).tolist() == [0, 1]


def test_align_features__a_named_block_is_never_another_one():
    assert align_features(wanted(("expression", "d"), ("mutation", "a")), two_blocks()).tolist() == [-1, -1]
    kind = Genotypes.from_dense(np.zeros((1, 2)), ["s"], ["a", "b"], kind="copy_number").features
    known = wanted(("expression", "a"), ("copy_number", "b"), ("copy_number", "c"))
    assert align_features(known, kind).tolist() == [-1, 1, -1]


def test_align_features__block_decides_where_an_id_is_in_two():
    features = pd.DataFrame(
        {"block": ["expression", "mutation", "mutation"], "kind": "score"}, index=["TP53", "KRAS", "TP53"]
    )
    table = Genotypes.build(np.zeros((1, 3)), ["s"], features).features
    at = align_features(
        wanted(("mutation", "TP53"), ("expression", "TP53"), ("copies", "TP53"), ("mutation", "KRAS")), table
    )
    assert at.tolist() == [2, 0, -1, 1]


def test_align_features__id_in_two_trained_blocks_and_one_at_hand():
    at = align_features(wanted(("mutation", "a"), ("copies", "a")), two_blocks())
    assert at.tolist() == [-1, 0]


def test_align_features__nothing_at_hand():
    nothing = Genotypes.from_dense(np.zeros((1, 0)), ["s"], []).features
    assert align_features(wanted(("b", "x"), ("b", "y")), nothing).tolist() == [-1, -1]


CALLS = [[0.0], [1.0], [2.0], [NAN]]
SAME, TURNED, LOST = [0, 1, 2, NAN], [2, 1, 0, NAN], [NAN] * 4


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (("v", "1", 7, "A", "C"), SAME),
        (("w", "chr1", 7, "a", "c"), SAME),
        (("v", "1", 7, "C", "A"), TURNED),
        (("w", "1", 7, "C", "A"), TURNED),
        (("w", "1", 7, "T", "G"), SAME),
        (("w", "1", 7, "G", "T"), TURNED),
        (("v", "1", 7, "G", "T"), TURNED),
        (("v", "", None, "C", "A"), TURNED),
        (("v", "", None, "", ""), SAME),
        (("v", "1", 8, "", ""), SAME),
        (("v", "1", 7, "A", "G"), LOST),
        (("w", "1", 7, "A", "G"), LOST),
        (("w", "1", 8, "A", "C"), LOST),
        (("w", "2", 7, "A", "C"), LOST),
        (("v", "2", 7, "A", "C"), LOST),
        (("w", "", None, "A", "C"), LOST),
    ],
)
def test_align__one_variant(new, expected):
    _, values = found([("v", "1", 7, "A", "C")], made([new], CALLS))
    np.testing.assert_array_equal(values["v"], expected)


def test_align__conflict_is_the_same_id_with_other_alleles_and_absent_is_not():
    trained = [("v", "1", 7, "A", "C"), ("w", "1", 9, "A", "C")]
    alignment, _ = found(trained, made([("v", "1", 7, "A", "G"), ("x", "1", 9, "A", "G")]))
    assert alignment.conflict.tolist() == [True, False]
    assert alignment.columns.tolist() == [-1, -1]
    assert alignment.changed
    assert alignment.sentence() == ('of 2 features of the model: 1 absent, 1 in conflict and left out as missing: "v"')


def test_align__id_of_another_variant_is_passed_over_for_the_place():
    # ids that merely count the variants of a file
    trained = [(str(at), "1", 100 + at, "A", "C") for at in range(6)]
    new = [(str(5 - at), "1", 100 + at, "A", "C") for at in range(6)]
    alignment, values = found(trained, made(new, [range(6)]))
    assert [values[str(at)] for at in range(6)] == [[float(at)] for at in range(6)]
    assert alignment.moved == 0


@pytest.mark.parametrize("kind", ["altered", "copy_number", "score"])
def test_align__only_copies_of_alleles_are_turned(kind):
    new = made([("v", "1", 7, "C", "A"), ("w", "1", 9, "A", "C")], kind=kind)
    alignment, _ = found([("v", "1", 7, "A", "C"), ("w", "1", 9, "A", "C")], new)
    assert alignment.conflict.tolist() == [True, False]
    assert alignment.columns.tolist() == [-1, 1]


def test_align__place_of_a_gene_is_no_reason_to_doubt_its_id():
    rows = [("TP53", "17", 7_571_720, "", ""), ("KRAS", "12", 25_358_180, "", "")]
    new = [("TP53", "17", 7_661_779, "", ""), ("KRAS", "12", 25_205_246, "", "")]
    alignment = align(made(new, kind="score").features, made(rows, kind="score").features)
    assert alignment.columns.tolist() == [0, 1]
    assert not alignment.changed


def test_align__another_build_by_positions_of_the_same_ids():
    trained = others(10)
    moved = [
        (name, "9", position + 5000, "CA"[at % 2], "AC"[at % 2]) for at, (name, _, position, *_) in enumerate(trained)
    ]
    # a variant that now stands where another one stood, and one whose alleles do not fit
    moved += [("stranger", "9", 1003, "A", "C")]
    moved[9] = ("other9", "9", 6009, "A", "G")
    alignment, values = found(trained, made(moved, [[0.0] * 10 + [2.0]]))
    assert alignment.moved == 1
    assert [values[f"other{at}"] for at in range(9)] == [[2.0], [0.0]] * 4 + [[2.0]]
    assert np.isnan(values["other9"])
    assert alignment.conflict.tolist() == [False] * 9 + [True]


def test_align__a_few_moved_variants_are_in_conflict():
    trained = others(10)
    new = [*trained[:6], *[(name, "9", position + 5000, *alleles) for name, _, position, *alleles in trained[6:]]]
    alignment, _ = found(trained, made(new))
    assert alignment.conflict.tolist() == [False] * 6 + [True] * 4
    assert alignment.moved == 0


def palindromic_cases(n_plain: int, n_swapped: int, n_flipped: int) -> tuple[list[float], list[float]]:
    """A site A/T in the same order, and one swapped, beside others that tell the strand; calls are 2."""
    trained = [("same", "1", 7, "A", "T"), ("swapped", "1", 9, "A", "T"), *others(n_plain + n_swapped + n_flipped)]
    new = [("n1", "1", 7, "A", "T"), ("n2", "1", 9, "T", "A")]
    for at, (name, chromosome, position, ref, alt) in enumerate(trained[2:]):
        if at < n_swapped:
            ref, alt = alt, ref
        elif at < n_swapped + n_flipped:
            ref, alt = OTHER[ref], OTHER[alt]
        new.append((f"new {name}", chromosome, position, ref, alt))
    _, values = found(trained, made(new, [[2.0] * len(new)]))
    return values["same"], values["swapped"]


@pytest.mark.parametrize(
    ("evidence", "same", "swapped"),
    [
        ((5, 5, 0), 2, 0),
        ((10, 0, 0), 2, 0),
        ((5, 4, 0), 2, NAN),
        ((0, 0, 0), 2, NAN),
        ((20, 0, 1), 2, NAN),
        ((5, 5, 11), NAN, NAN),
        ((0, 0, 20), NAN, NAN),
    ],
)
def test_align__palindromic_by_the_strand_of_the_others(evidence, same, swapped):
    np.testing.assert_array_equal(palindromic_cases(*evidence), [[same], [swapped]])


def test_align__insertion_and_deletion_are_not_taken_for_each_other_beside_one_reference():
    trained, new = [("v", "1", 7, "A", "AT")], [("w", "1", 7, "AT", "A")]
    alignment, values = found([*trained, *others(2)], made([*new, *others(2)], [[2.0] * 3]))
    assert alignment.conflict.tolist() == [True, False, False]
    assert np.isnan(values["v"])
    turned = [("x", "9", 1000, "C", "A"), *others(2)[1:]]
    _, values = found([*trained, *others(2)], made([*new, *turned], [[2.0] * 3]))
    assert values["v"] == [0]


def test_align__turned_site_of_several_alternates_counts_all_of_them():
    trained = [("a", "1", 7, "A", "C"), ("b", "1", 7, "A", "G")]
    # samples C/C, C/A, A/A, C/G, G/G, A/G, in a file whose reference is C
    new = made([("x", "1", 7, "C", "A"), ("y", "1", 7, "C", "G")], [[0, 0], [1, 0], [2, 0], [0, 1], [0, 2], [1, 1]])
    alignment, values = found(trained, new)
    assert values == {"a": [2, 1, 0, 1, 0, 0], "b": [0, 0, 0, 1, 2, 1]}
    assert alignment.turned.tolist() == [True, False]
    np.testing.assert_array_equal(alignment.values(new, np.array([1, 0])).T, [values["b"], values["a"]])


def test_align__both_alleles_are_alternates_of_a_third_reference():
    trained = [("a", "1", 7, "A", "C"), ("b", "1", 9, "C", "G")]
    rows = [("v", "1", 7, "G", "A"), ("w", "1", 7, "G", "C"), ("x", "1", 9, "T", "C"), ("y", "1", 9, "T", "G")]
    for n_others, expected in ((9, NAN), (10, 2)):
        new = made([*rows, *others(n_others)], [[1.0, 1.0, 0.0, 2.0] + [0.0] * n_others])
        _, values = found([*trained, *others(n_others)], new)
        assert values["a"] == [1]
        np.testing.assert_array_equal(values["b"], [expected])


def test_align__copies_that_add_up_to_more_than_two_leave_none_of_the_reference():
    new = made([("x", "1", 7, "C", "A"), ("y", "1", 7, "C", "G")], [[1.25, 1.0], [0.25, 0.5]])
    assert found([("a", "1", 7, "A", "C")], new)[1] == {"a": [0, 1.25]}


def test_missing__of_what_was_found_and_of_the_other_alternates():
    trained = [("a", "1", 7, "A", "C"), ("b", "1", 9, "A", "C"), ("c", "1", 11, "A", "C")]
    rows: list[Row] = [("x", "1", 7, "C", "A"), ("y", "1", 7, "C", "G"), ("b", "1", 9, "A", "C")]
    new = made(rows, [[0, NAN, 0], [NAN, NAN, 1], [0, 0, NAN], [1, 0, 0]])
    alignment, values = found(trained, new)
    assert alignment.missing(new).toarray().tolist() == [[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 0]]
    np.testing.assert_array_equal(np.isnan(values["a"]), [True, True, False, False])
    np.testing.assert_array_equal(np.isnan(values["b"]), [False, False, True, False])


def test_align__same_table_is_taken_as_it_is():
    new = made(others(3), [[0, 1, NAN]])
    for features in (new.features, new.features.copy()):
        alignment = align(new.features, features)
        assert alignment.columns.tolist() == [0, 1, 2]
        assert not alignment.changed
        np.testing.assert_array_equal(alignment.values(new, np.array([2, 0])), [[NAN, 0]])


def test_align__nothing_at_hand_and_nothing_trained():
    nothing = Genotypes.from_dense(np.zeros((1, 0)), ["s"], [])
    alignment, values = found(others(2), nothing)
    assert alignment.columns.tolist() == [-1, -1]
    assert np.isnan(list(values.values())).all()
    assert align(made(others(2)).features, nothing.features).values(made(others(2)), np.arange(0)).shape == (1, 0)


def copies_of(alleles: np.ndarray, allele: str) -> np.ndarray:
    """`(n_samples,)` copies among `(n_samples, 2)` letters."""
    return (alleles == allele).sum(axis=1).astype(float)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("flips", [0.0, 0.2])
def test_align__random_tables_give_the_copies_that_the_samples_bear(seed, flips):
    rng = np.random.default_rng(seed)
    n_sites, n_samples = 60, 12
    trained: list[Row] = []
    new: list[Row] = []
    expected: dict[str, np.ndarray] = {}
    calls: list[np.ndarray] = []
    for site in range(n_sites):
        letters = rng.permutation(list("ACGT"))[: rng.choice([2, 2, 2, 3])]
        ambiguous = any(OTHER[a] in letters for a in letters)
        if flips and ambiguous:
            continue
        born = rng.choice(letters, (n_samples, 2))
        known = rng.random(n_samples) > 0.1
        place = (str(rng.integers(1, 4)), int(1000 + site))
        for alt in letters[1:]:
            trained.append((f"t{site}{alt}", *place, letters[0], alt))
            expected[f"t{site}{alt}"] = np.where(known, copies_of(born, alt), NAN)
        order = rng.permutation(letters)
        flipped = rng.random() < flips
        for alt in order[1:]:
            name = f"t{site}{alt}" if rng.random() < 0.3 and alt in letters[1:] and not flipped else f"n{site}{alt}"
            written = (OTHER[order[0]], OTHER[alt]) if flipped else (order[0], alt)
            new.append((name, *place, *written))
            calls.append(np.where(known, copies_of(born, alt), NAN))
    shuffled = rng.permutation(len(new))
    genotypes = made([new[at] for at in shuffled], np.column_stack(calls)[:, shuffled].tolist())
    alignment, values = found(trained, genotypes)
    assert not alignment.conflict.any()
    assert alignment.turned.any()
    assert bool(alignment.flipped.any()) == bool(flips)
    for name, numbers in expected.items():
        np.testing.assert_array_equal(values[name], numbers, err_msg=name)
