"""What a command reads: no output takes its place, and a pipe is read once."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from drugresponse import cli
from drugresponse.errors import InputError
from drugresponse.settings import COMMANDS, Settings, input_files, pipes_as_files
from tests.test_cli import one_line


def settings_of(command: str, **values: object) -> Settings:
    required = {each.name: Path("absent") for each in COMMANDS[command].parameters if each.required}
    usual = {name: [path] if COMMANDS[command].parameter(name).repeatable else path for name, path in required.items()}
    return COMMANDS[command].settings(**(usual | values))


def names_of(command: str, kind: str) -> list[str]:
    return [each.name for each in COMMANDS[command].parameters if each.type == kind]


def words(command: str, folder: Path, changed: dict[str, Path]) -> list[str]:
    """A command line with every input, and with the outputs that are required or changed."""
    typed = [command, *(["--selected-samples=s1"] if command == "explain" else [])]
    for each in COMMANDS[command].parameters:
        path = changed.get(each.name, folder / each.name)
        usual = each.required or (each.type == "input" and each.name != "config")
        if each.type in ("input", "output", "folder") and (usual or each.name in changed):
            typed.append(f"{each.option}={path}")
    return typed


@pytest.fixture
def inputs(tmp_path) -> Path:
    for command in COMMANDS:
        for name in names_of(command, "input"):
            # the same name may be an output of another command
            (tmp_path / "in" / name).parent.mkdir(exist_ok=True)
            (tmp_path / "in" / name).write_text("{}" if name == "config" else f"sample_id\t{name}\n")
    return tmp_path / "in"


@pytest.mark.parametrize(
    ("command", "name", "output"),
    [
        (command, name, output)
        for command in COMMANDS
        for i, name in enumerate(names_of(command, "input"))
        for j, output in enumerate(names_of(command, "output"))
        if i == 0 or j == 0
    ],
)
def test_outputs__replace_no_input_of_any_command(inputs, capsys, command, name, output):
    before = (inputs / name).read_bytes()
    changed = {each: inputs.parent / each for each in names_of(command, "output")}
    changed |= {output: inputs / name, "config": inputs / "config"}
    assert cli.main(words(command, inputs, changed)) == 2
    assert "is also an input" in one_line(capsys.readouterr().err)
    assert (inputs / name).read_bytes() == before


@pytest.mark.parametrize(
    "command", [each for each in COMMANDS if "genotypes" in names_of(each, "input") and names_of(each, "output")]
)
@pytest.mark.parametrize("part", ["bim", "fam", "bed"])
def test_outputs__replace_no_part_of_a_plink_fileset(inputs, capsys, command, part):
    (inputs / "cohort.bed").write_bytes(b"\x6c\x1b\x01\x00")
    for each in ("bim", "fam"):
        (inputs / f"cohort.{each}").write_text("mine")
    output = next(each.name for each in COMMANDS[command].parameters if each.type == "output" and each.required)
    typed = words(command, inputs, {"genotypes": inputs / "cohort.bed", output: inputs / f"cohort.{part}"})
    before = (inputs / f"cohort.{part}").read_bytes()
    assert cli.main(typed) == 2
    assert "is also an input" in one_line(capsys.readouterr().err)
    assert (inputs / f"cohort.{part}").read_bytes() == before


def test_simulate__does_not_replace_its_settings(tmp_path, capsys):
    (tmp_path / "samples.tsv").write_text("n-samples: 40\n")
    assert cli.main(["simulate", f"--directory={tmp_path}", f"--config={tmp_path}/samples.tsv"]) == 2
    assert "samples.tsv" in one_line(capsys.readouterr().err)
    assert (tmp_path / "samples.tsv").read_text() == "n-samples: 40\n"


def test_input_files__an_index_belongs_to_its_file(tmp_path):
    found = input_files(settings_of("predict", genotypes=[tmp_path / "a.vcf.gz"], config=tmp_path / "run.yml"))
    assert {each.name for each in found} == {"absent", "a.vcf.gz", "a.vcf.gz.tbi", "a.vcf.gz.csi", "run.yml"}


def writer(path: Path, content: bytes) -> threading.Thread:
    thread = threading.Thread(target=lambda: path.write_bytes(content))
    thread.start()
    return thread


@pytest.mark.parametrize("name", sorted({n for c in COMMANDS for n in names_of(c, "input")} - {"config"}))
def test_pipes__are_read_once_for_every_input(tmp_path, name):
    command = next(each for each in COMMANDS.values() if name in names_of(each.name, "input"))
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").write_bytes(b"file")
    thread = writer(tmp_path / "pipe", b"content")
    paths = [tmp_path / "file", tmp_path / "pipe"] if command.parameter(name).repeatable else tmp_path / "pipe"
    with pipes_as_files(settings_of(command.name, **{name: paths})) as settings:
        read = getattr(settings, name)
        copies = read if isinstance(read, list) else [read]
        for _ in range(2):
            assert copies[-1].read_bytes() == b"content"
        assert copies[-1].name == "pipe"
        assert copies[:-1] == [tmp_path / "file"][: len(copies) - 1]
    thread.join(30)
    assert not copies[-1].exists()


def test_pipes__the_same_in_two_places_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    thread = writer(tmp_path / "pipe", b"content")
    message = r'^responses: ".*link" is a pipe, and was read for genotypes \(expected a file of its own\)\.'
    settings = settings_of("train", genotypes=[tmp_path / "pipe"], responses=tmp_path / "link")
    with pytest.raises(InputError, match=message), pipes_as_files(settings):
        pytest.fail("the block must not run")
    thread.join(30)


def test_pipes__calls_of_plink_without_their_samples_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    thread = writer(tmp_path / "pipe", b"\x6c\x1b\x01\x00")
    with (
        pytest.raises(InputError, match=r"^genotypes: .* a pipe with PLINK calls .* Give the \.bed or \.pgen file"),
        pipes_as_files(settings_of("train", genotypes=[tmp_path / "pipe"])),
    ):
        pytest.fail("the block must not run")
    thread.join(30)


def test_pipes__devices_are_refused():
    with (
        pytest.raises(InputError, match=r'^model: "/dev/zero" is a device \(expected a file\)\. Name a file\.$'),
        pipes_as_files(settings_of("describe", model=Path("/dev/zero"))),
    ):
        pytest.fail("the block must not run")


def test_predict__model_and_genotypes_from_pipes(tmp_path):
    """Standard input is what another program writes; `<(...)` of a shell is an open pipe by its number."""
    data = Path(__file__).parents[2] / "test-data" / "cell_lines"
    reader, other = os.pipe()
    thread = threading.Thread(target=lambda: (Path(f"/dev/fd/{other}").write_bytes(model), os.close(other)))
    model = (data / "model.safetensors").read_bytes()
    typed = [f"--model=/dev/fd/{reader}", "--genotypes=/dev/stdin", f"--samples={data / 'new_samples.tsv'}"]
    command = [sys.executable, "-m", "drugresponse.cli", "predict", *typed]
    with (data / "new_genotypes.tsv").open("rb") as genotypes:
        feeding = subprocess.Popen(["cat"], stdin=genotypes, stdout=subprocess.PIPE)
        thread.start()
        done = subprocess.run(
            [*command, f"--predictions={tmp_path}/pipes.tsv"],
            stdin=feeding.stdout,
            stderr=subprocess.PIPE,
            pass_fds=[reader],
            check=False,
        )
        thread.join(30)
        os.close(reader)
        feeding.communicate()
    assert done.returncode == 0, done.stderr
    files = [f"--model={data}/model.safetensors", f"--genotypes={data}/new_genotypes.tsv", typed[2]]
    assert cli.main(["predict", *files, f"--predictions={tmp_path}/files.tsv", "-q"]) == 0
    assert (tmp_path / "pipes.tsv").read_bytes() == (tmp_path / "files.tsv").read_bytes()


def test_input_files__a_block_is_named_before_its_file(tmp_path):
    settings = settings_of("train", genotypes=[Path(f"expression={tmp_path}/a.tsv")])
    assert tmp_path / "a.tsv" in input_files(settings)


def test_pipes_as_files__a_named_block_may_be_a_pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=lambda: (tmp_path / "pipe").write_text("sample_id\tA\n"))
    writer.start()
    settings = settings_of("train", genotypes=[Path(f"expression={tmp_path}/pipe")])
    with pipes_as_files(settings) as copied:
        (named,) = copied.genotypes
        block, _, file = str(named).partition("=")
        assert (block, Path(file).read_text()) == ("expression", "sample_id\tA\n")
    writer.join()
