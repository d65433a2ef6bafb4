from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from drugresponse.errors import InputError
from drugresponse.outputs import output_files, protected_inputs, write_table


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def test_output_files__appear_together_at_the_end(tmp_path):
    with output_files({"model": tmp_path / "a.tsv", "report": str(tmp_path / "b.html"), "metrics": None}) as temporary:
        assert set(temporary) == {"model", "report"}
        assert {each.parent.parent for each in temporary.values()} == {tmp_path}
        assert [each.suffix for each in temporary.values()] == [".tsv", ".html"]
        temporary["model"].write_text("a")
        temporary["report"].write_text("b")
        assert all(name.startswith(".") for name in names(tmp_path))
    assert names(tmp_path) == ["a.tsv", "b.html"]
    assert (tmp_path / "a.tsv").read_text() == "a"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_output_files__exception_leaves_nothing_and_keeps_the_old(tmp_path, error):
    (tmp_path / "old.tsv").write_text("old")
    with (
        pytest.raises(error),
        output_files({"a": tmp_path / "old.tsv", "b": tmp_path / "new.tsv"}) as temporary,
    ):
        temporary["a"].write_text("half")
        raise error
    assert names(tmp_path) == ["old.tsv"]
    assert (tmp_path / "old.tsv").read_text() == "old"


def test_output_files__failed_renaming_withdraws_what_was_renamed(tmp_path):
    with (
        pytest.raises(InputError, match=r'^b: cannot write ".*b\.tsv" \(Is a directory\)'),
        output_files({"a": tmp_path / "a.tsv", "b": tmp_path / "b.tsv"}),
    ):
        (tmp_path / "b.tsv").mkdir()
    assert names(tmp_path) == ["b.tsv"]


@pytest.mark.parametrize("known", [True, False])
def test_output_files__folder_appears_with_the_files_or_not_at_all(tmp_path, known):
    folder, old = tmp_path / "figures", {"old.svg"} if known else set()
    if known:
        folder.mkdir()
        (folder / "old.svg").write_text("old")
    files = {"a": tmp_path / "a.tsv"}
    with pytest.raises(InputError, match=r"cannot write"), output_files(files, folders={"figures": folder}) as made:
        (made["figures"] / "new.svg").write_text("new")
        assert {each.name for each in folder.glob("*.svg")} == old
        (tmp_path / "a.tsv").mkdir()
    assert folder.exists() == known and {each.name for each in folder.glob("*")} == old
    (tmp_path / "a.tsv").rmdir()
    with output_files(files, folders={"figures": folder}) as made:
        (made["figures"] / "new.svg").write_text("new")
    assert {each.name for each in folder.iterdir()} == {"new.svg"} | old
    assert names(tmp_path) == ["a.tsv", "figures"]


def test_output_files__files_are_withdrawn_where_their_folder_cannot_be_filled(tmp_path):
    (tmp_path / "figures" / "new.svg").mkdir(parents=True)
    with (
        pytest.raises(InputError, match=r"^figures: cannot write"),
        output_files({"a": tmp_path / "a.tsv"}, folders={"figures": tmp_path / "figures"}) as made,
    ):
        (made["figures"] / "new.svg").write_text("new")
    assert names(tmp_path) == ["figures"]


def test_output_files__folder_replaces_no_input(tmp_path):
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "skill.svg").write_text("mine")
    with (
        pytest.raises(InputError, match="is also an input"),
        protected_inputs([tmp_path / "figures" / "skill.svg"]),
        output_files({"a": tmp_path / "a.tsv"}, folders={"figures": tmp_path / "figures"}) as made,
    ):
        (made["figures"] / "skill.svg").write_text("new")
    assert names(tmp_path) == ["figures"] and (tmp_path / "figures" / "skill.svg").read_text() == "mine"


def test_output_files__a_file_is_no_folder(tmp_path):
    (tmp_path / "figures").write_text("mine")
    with pytest.raises(InputError, match="is no folder"), output_files({}, folders={"figures": tmp_path / "figures"}):
        pass


@pytest.mark.parametrize("broken", [True, False])
def test_output_files__writer_that_removed_its_file_does_not_cost_the_old_target(tmp_path, broken):
    (tmp_path / "old.tsv").write_text("old")
    with pytest.raises(ValueError, match=r"broken|^a: cannot write"), output_files({"a": tmp_path / "old.tsv"}) as made:
        made["a"].unlink()
        if broken:
            raise ValueError("broken")
    assert (tmp_path / "old.tsv").read_text() == "old"


def test_output_files__sigterm_leaves_nothing(tmp_path):
    program = (
        "import signal, sys, time\n"
        "from drugresponse.outputs import output_files\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))\n"
        f"with output_files({{'model': {str(tmp_path / 'm.bin')!r}}}) as temporary:\n"
        "    temporary['model'].write_text('half')\n"
        "    print('ready', flush=True)\n"
        # in short sleeps: a signal that arrives just before a sleep is only heard when it ends
        "    for _ in range(600):\n"
        "        time.sleep(0.1)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"ready\n"
        running.send_signal(signal.SIGTERM)
        assert running.wait(60) == 143
    assert names(tmp_path) == []


KILLED = """
import os, signal, sys
from drugresponse.outputs import output_files
with output_files({{"model": {target!r}}}) as temporary:
    temporary["model"].write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_output_files__what_a_killed_run_left_is_removed_by_the_next(tmp_path):
    program = KILLED.format(target=str(tmp_path / "m.bin"))
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -signal.SIGKILL
    (left,) = names(tmp_path)
    assert left.startswith(".drugresponse-")
    with output_files({"model": tmp_path / "m.bin"}) as temporary:
        assert names(tmp_path) == [temporary["model"].parent.name]
        assert left not in names(tmp_path)
    assert names(tmp_path) == ["m.bin"]


@pytest.mark.parametrize("left", [[], ["lock.new"], ["model.bin"]])
def test_output_files__what_a_run_without_its_lock_left_is_removed_after_a_day(tmp_path, left):
    folder = tmp_path / ".drugresponse-0123456789abcdef"
    folder.mkdir()
    for name in left:
        (folder / name).touch()
    for days, stays in ((0.9, True), (1.1, False)):
        os.utime(folder, (time.time() - days * 24 * 3600,) * 2)
        with output_files({"model": tmp_path / "m.bin"}):
            pass
        assert folder.exists() == stays


def test_output_files__a_living_run_keeps_its_files(tmp_path):
    (tmp_path / ".drugresponse-0123456789abcdef").mkdir()  # not known to be ours: it holds no lock
    program = (
        "import sys\n"
        "from drugresponse.outputs import output_files\n"
        f"with output_files({{'model': {str(tmp_path / 'one.bin')!r}}}) as temporary:\n"
        "    print('ready', flush=True)\n"
        "    sys.stdin.read()\n"
        "    temporary['model'].write_text('whole')\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"ready\n"
        with output_files({"model": tmp_path / "two.bin"}), output_files({"model": tmp_path / "three.bin"}):
            pass
        running.communicate()
        assert running.returncode == 0
    assert names(tmp_path) == [".drugresponse-0123456789abcdef", "one.bin", "three.bin", "two.bin"]
    assert (tmp_path / "one.bin").read_text() == "whole"


def test_output_files__mode_follows_the_umask_or_the_old_file(tmp_path):
    (tmp_path / "old.tsv").touch()
    (tmp_path / "old.tsv").chmod(0o640)
    before = os.umask(0o022)
    try:
        with output_files({"a": tmp_path / "old.tsv", "b": tmp_path / "new.tsv"}):
            pass
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "old.tsv").stat().st_mode) == 0o640
    assert stat.S_IMODE((tmp_path / "new.tsv").stat().st_mode) == 0o644


def test_output_files__link_stays_a_link(tmp_path):
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "real.dat").write_text("old")
    (tmp_path / "link.tsv").symlink_to(tmp_path / "store" / "real.dat")
    with output_files({"a": tmp_path / "link.tsv"}) as temporary:
        temporary["a"].write_text("new")
    assert (tmp_path / "link.tsv").is_symlink()
    assert (tmp_path / "store" / "real.dat").read_text() == "new"
    assert names(tmp_path / "store") == ["real.dat"]


def test_output_files__pipe_gets_the_bytes(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    with output_files({"a": tmp_path / "pipe"}) as temporary:
        temporary["a"].write_text("through")
    reader.join(30)
    assert received == [b"through"]
    assert names(tmp_path) == ["pipe"]


def test_output_files__null_device_takes_several(tmp_path):
    with protected_inputs(["/dev/null"]), output_files({"a": "/dev/null", "b": "/dev/null"}) as temporary:
        temporary["a"].write_text("gone")
    assert not Path("/dev/null").is_file()
    assert not any(each.exists() for each in temporary.values())


def test_output_files__standard_output_into_a_file_comes_after_what_was_printed(tmp_path):
    program = (
        "from drugresponse.outputs import output_files\n"
        "print('before')\n"
        "with output_files({'a': '/dev/stdout'}) as temporary:\n"
        "    temporary['a'].write_text('table\\n')\n"
        "print('after')\n"
    )
    with (tmp_path / "caught").open("wb") as caught:
        subprocess.run([sys.executable, "-c", program], stdout=caught, check=True)
    assert (tmp_path / "caught").read_text() == "before\ntable\nafter\n"


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("none/a.tsv", r'^model: the folder ".*none" does not exist \(expected a folder\)\. Create it'),
        ("folder", r'^model: ".*folder" is a folder \(expected a file name\)\.'),
        ("input.tsv", r'^model: ".*input.tsv" is also an input \(expected a file of its own\)\.'),
        ("link.tsv", r'^model: ".*link.tsv" is also an input'),
        ("folder/../input.tsv", r"^model: .* is also an input"),
    ],
)
def test_output_files__bad_target_is_refused_before_work(tmp_path, target, message):
    (tmp_path / "folder").mkdir()
    (tmp_path / "input.tsv").write_text("mine")
    (tmp_path / "link.tsv").symlink_to(tmp_path / "input.tsv")
    before = names(tmp_path)
    with (
        pytest.raises(InputError, match=message),
        protected_inputs([tmp_path / "input.tsv"]),
        output_files({"other": tmp_path / "other.tsv", "model": tmp_path / target}),
    ):
        pytest.fail("the block must not run")
    assert names(tmp_path) == before
    assert (tmp_path / "input.tsv").read_text() == "mine"


@pytest.mark.parametrize("target", ["loop", "loop/a.tsv", "n" * 300, "a." + "n" * 300])
def test_output_files__loop_of_links_or_name_too_long_is_refused_before_work(tmp_path, target):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with (
        pytest.raises(InputError, match=r"^model: cannot write to .* \((Too many levels|File name too long)"),
        protected_inputs([tmp_path / "loop"]),
        output_files({"model": tmp_path / target}),
    ):
        pytest.fail("the block must not run")


def test_output_files__full_device():
    message = r'^model: cannot write "/dev/full" \(No space left on device\)'
    with pytest.raises(InputError, match=message), output_files({"model": "/dev/full"}) as temporary:
        temporary["model"].write_text("bytes")


def test_output_files__disk_that_fills_while_it_is_written_to(tmp_path):
    """The limit stands for the disk: Python ignores its signal, so that the writing fails as on a full one."""
    program = (
        "import resource\n"
        "from drugresponse.errors import InputError\n"
        "from drugresponse.outputs import output_files\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n"
        f"    with output_files({{'model': {str(tmp_path / 'm.bin')!r}}}) as temporary:\n"
        "        temporary['model'].write_bytes(bytes(2000))\n"
        "except InputError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "outputs: cannot be written (File too large). Free space, or choose another folder.\n"
    assert names(tmp_path) == []


def test_protected_inputs__none_is_replaced_by_any_output(tmp_path):
    (tmp_path / "run.yml").write_text("learner: ridge")
    with (
        protected_inputs([tmp_path / "run.yml"]),
        pytest.raises(InputError, match=r"^model: .*run\.yml.* also an input"),
        output_files({"model": tmp_path / "run.yml"}),
    ):
        pytest.fail("the block must not run")
    assert (tmp_path / "run.yml").read_text() == "learner: ridge"
    with output_files({"model": tmp_path / "run.yml"}) as temporary:
        temporary["model"].write_text("new")


def test_output_files__folder_that_cannot_be_written_to():
    message = r'^model: cannot write into the folder "/proc" \(.+\)\. Choose another folder\.$'
    with pytest.raises(InputError, match=message), output_files({"model": "/proc/model.bin"}):
        pytest.fail("the block must not run")


def test_output_files__two_outputs_of_one_path(tmp_path):
    message = r'^metrics: ".*a.tsv" is also the output model \(expected'
    with (
        pytest.raises(InputError, match=message),
        output_files({"model": tmp_path / "a.tsv", "metrics": tmp_path / "." / "a.tsv"}),
    ):
        pytest.fail("the block must not run")


def test_write_table__exact_bytes(tmp_path):
    frame = pd.DataFrame(
        {"x": [0.1 + 0.2, np.nan, 1e-12], "n": pd.array([1, None, 3], "Int64"), "t": ["a b,c", "tab\there", ""]},
        index=pd.Index(["s1", 'q"', "é"], name="sample_id"),
    )
    write_table(frame, tmp_path / "a.gz")
    expected = 'sample_id\tx\tn\tt\ns1\t0.3\t1\ta b,c\n"q"""\t\t\t"tab\there"\né\t1e-12\t3\t\n'
    assert (tmp_path / "a.gz").read_bytes().decode() == expected


def test_write_table__float32_survives_exactly(tmp_path):
    values = np.random.default_rng(0).normal(size=2000).astype(np.float32)
    write_table(pd.DataFrame({"x": values}), tmp_path / "a.tsv")
    again = pd.read_table(tmp_path / "a.tsv")["x"].to_numpy().astype(np.float32)
    np.testing.assert_array_equal(again, values)
