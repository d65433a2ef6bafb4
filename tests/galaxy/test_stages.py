from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from stages import clear_left_behind, dealt, number_of_tests, workflow_files


def test_dealt__shares_of_about_the_same_weight() -> None:
    weights = {Path(name): weight for name, weight in zip("abcde", (1, 3, 2, 2, 4), strict=True)}
    shares = dealt(weights)
    assert sorted(path for share in shares for path in share) == sorted(weights)
    assert [sum(weights[path] for path in share) for share in shares] == [6, 6]


def test_dealt__a_single_file_is_a_single_share() -> None:
    assert dealt({Path("a"): 3}) == [[Path("a")]]


def test_number_of_tests__each_workflow_has_some() -> None:
    assert all(number_of_tests(path) for path in workflow_files())


def test_clear_left_behind__what_a_stopped_planemo_left_and_nothing_else(tmp_path: Path) -> None:
    for name in ("plnmotmptestjobx7.json", "tests.json", "plnmotmptestjob.txt"):
        (tmp_path / name).touch()
    clear_left_behind([tmp_path])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plnmotmptestjob.txt", "tests.json"]
