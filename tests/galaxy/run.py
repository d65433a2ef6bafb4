"""The Galaxy part of ``make test`` and ``make galaxy``: lint the tools, test them in a real Galaxy, or serve it.

Run with planemo's Python: ``.galaxy/planemo/bin/python tests/galaxy/run.py lint|test|screenshots|serve [--port PORT]``.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from repositories import problems_of_repositories
from screenshots import PARTS, take_all
from server import DATA_MANAGER, ROOT, ServerError, running_galaxy
from stages import LESSON, PLANEMO, STAGES, planemo, say, workflow_files
from summary import Row, table_of

__all__ = ["PLANEMO", "main"]


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Print one line with the seconds that the block took, also when it fails."""
    start = time.monotonic()
    try:
        yield
    finally:
        say(f"== {name}: {time.monotonic() - start:.0f} s")


def lint() -> int:
    """Check the tools, the workflows and the Tool Shed's description of the suite, without any network."""
    levels = ("--report_level", "warn", "--fail_level", "warn")
    with stage("planemo lint"):
        code = planemo("lint", *levels, "tools", str(DATA_MANAGER.relative_to(ROOT) / "data_manager"))
    with stage("planemo workflow_lint"):
        for path in workflow_files():
            # that of the tutorial has the form of the training network
            form = () if path.parent == LESSON else ("--iwc",)
            code = planemo("workflow_lint", *levels, *form, str(path.parent)) or code
    with stage("planemo shed_lint"):
        # version_bumped asks the Tool Shed
        for folder in ("tools", str(DATA_MANAGER.relative_to(ROOT))):
            code = planemo("shed_lint", *levels, "--skip", "version_bumped", folder) or code
    with stage("repositories"):
        for problem in problems_of_repositories():
            say(f"FAILED {problem}")
            code = 1
    return code


def test(port: int | None, names: Sequence[str]) -> int:
    """Test tools, workflows, page and example in a Galaxy that is started for it and stopped afterwards."""
    start = time.monotonic()
    failed: list[str] = []
    rows: list[Row] = []
    with running_galaxy(port) as server:
        say(f"== Galaxy start: {time.monotonic() - start:.0f} s")
        for name in names:
            with stage(f"Galaxy {name}"):
                passed, found = STAGES[name](server)
            rows += found
            failed += [] if passed else [name]
    say(table_of(rows))
    if failed:
        say(f"FAILED in Galaxy: {', '.join(failed)}")
    return int(bool(failed))


def screenshots(port: int | None, parts: Sequence[str] | None) -> int:
    """Take a picture of each form, each report, each workflow's page, and the walk of patients; or of some of these."""
    with running_galaxy(port) as server:
        return take_all(server, parts or list(PARTS))


def serve(port: int) -> int:
    """Serve Galaxy with the tools until ctrl-C."""
    say("Starting Galaxy (about 90 s)")
    with running_galaxy(port) as server:
        say(f"Tools: {', '.join(server.tool_ids()) or 'none was loaded'}")
        say(f"Galaxy is at http://localhost:{server.port} (no login; ctrl-C stops it)")
        while True:
            threading.Event().wait(2)
            server.check_alive()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=("lint", "test", "screenshots", "serve"))
    parser.add_argument("--port", type=int, help="port on localhost; serve: 8765 by default, otherwise any free one")
    parser.add_argument("--only", nargs="+", metavar="PART", help="test: these stages; screenshots: of these")
    arguments = parser.parse_args()
    choices = PARTS if arguments.task == "screenshots" else STAGES
    if not set(arguments.only or ()) <= set(choices):
        parser.error(f"--only: expected some of {', '.join(choices)}")
    try:
        if arguments.task == "lint":
            return lint()
        if arguments.task == "test":
            return test(arguments.port, arguments.only or list(STAGES))
        if arguments.task == "screenshots":
            return screenshots(arguments.port, arguments.only)
        return serve(arguments.port or 8765)
    except ServerError as error:
        say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        say("stopped")
        return 0 if arguments.task == "serve" else 130


if __name__ == "__main__":
    sys.exit(main())
