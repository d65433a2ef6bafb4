from __future__ import annotations

import itertools
import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from waiting import StalledError, processor_steps, wait_while_moving


def test_wait__goes_on_while_work_is_done() -> None:
    polls, log = itertools.count(1), itertools.count()
    wait_while_moving(lambda: next(polls) == 50, lambda: next(log), stalled=-1, pause=0)
    assert next(polls) == 51


def test_wait__ends_when_nothing_moves() -> None:
    with pytest.raises(StalledError, match="nothing moved"):
        wait_while_moving(lambda: False, lambda: 7, stalled=-1, pause=0)


def test_wait__ends_at_last_although_something_moves() -> None:
    log = itertools.count()
    with pytest.raises(StalledError, match="had not ended"):
        wait_while_moving(lambda: False, lambda: next(log), longest=-1, pause=0)


def test_processor_steps__counts_the_session_alone(tmp_path: Path) -> None:
    for process, session, user, system in ((7, 5, 2000, 1000), (8, 5, 500, 500), (9, 6, 9000, 9000)):
        (tmp_path / str(process)).mkdir()
        fields = ["S", "1", "5", str(session), *["0"] * 7, str(user), str(system), "0"]
        (tmp_path / str(process) / "stat").write_text(f"{process} (a (b) c) {' '.join(fields)}\n")
    assert processor_steps({5}, tmp_path) == 4
    assert processor_steps({os.getsid(0)}) >= 0
