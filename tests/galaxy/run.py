"""The Galaxy part of ``make test`` and ``make galaxy``: lint the tools, test them in a real Galaxy, or serve it.

Run with planemo's Python: ``.galaxy/planemo/bin/python tests/galaxy/run.py lint|test|serve [--port PORT]``.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from reached_program import check_report
from server import HOME, ROOT, ServerError, running_galaxy

# planemo does not look for .planemo.yml by itself
PLANEMO = (str(HOME / "planemo" / "bin" / "planemo"), "--config", ".planemo.yml")
REPORT = HOME / "report" / "tool_test_output.json"
SECONDS_A_TEST = 300


def say(line: str) -> None:
    print(line, flush=True)


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Print one line with the seconds that the block took, also when it fails."""
    start = time.monotonic()
    try:
        yield
    finally:
        say(f"== {name}: {time.monotonic() - start:.0f} s")


def planemo(*arguments: str) -> int:
    """Run planemo in the repository's root: it finds the top-level test-data only from there."""
    return subprocess.run([*PLANEMO, *arguments], cwd=ROOT, check=False).returncode


def lint() -> int:
    """Check the tools and the Tool Shed's description of the suite, without any network."""
    with stage("planemo lint"):
        code = planemo("lint", "--report_level", "warn", "--fail_level", "warn", "tools")
    with stage("planemo shed_lint"):
        # version_bumped asks the Tool Shed; a mere warning is that the address should end like the check-out's folder
        levels = ("--report_level", "warn", "--fail_level", "error")
        return planemo("shed_lint", *levels, "--skip", "version_bumped", "tools") or code


def test(port: int | None) -> int:
    """Test all tools in a Galaxy that is started for it and stopped afterwards."""
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.unlink(missing_ok=True)
    start = time.monotonic()
    with running_galaxy(port) as server:
        say(f"== Galaxy start: {time.monotonic() - start:.0f} s")
        with stage("planemo test"):
            code = planemo(
                *("test", "--galaxy_url", server.url, "--galaxy_admin_key", server.admin_key),
                *("--galaxy_user_key", server.user_key, "--no_shed_install", "--test_timeout", str(SECONDS_A_TEST)),
                "tools",
            )
    if not REPORT.exists():
        say(f"planemo wrote no report to {REPORT.relative_to(ROOT)}")
        return code or 1
    problems, summary = check_report(REPORT, ROOT / "tools")
    for problem in problems:
        say(f"FAILED {problem}")
    say(summary)
    return code or int(bool(problems))


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
    parser.add_argument("task", choices=("lint", "test", "serve"))
    parser.add_argument("--port", type=int, help="port on localhost; test: any free one, serve: 8765 by default")
    arguments = parser.parse_args()
    try:
        if arguments.task == "lint":
            return lint()
        if arguments.task == "test":
            return test(arguments.port)
        return serve(arguments.port or 8765)
    except ServerError as error:
        say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        say("stopped")
        return 0 if arguments.task == "serve" else 130


if __name__ == "__main__":
    sys.exit(main())
