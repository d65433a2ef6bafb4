"""Which files of the package a command goes through, and how many functions of each, by the interpreter's profiler.

    python -m benchmarks.entered_files train --genotypes g.tsv --responses r.tsv --learner ridge --model m.safetensors

All modules are imported before, so that only what the command does counts, not what stands at the top of a module.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

import drugresponse

__all__ = ["entered_functions"]

_PACKAGE = Path(drugresponse.__file__).parent


def entered_functions(words: Sequence[str]) -> Mapping[str, set[str]]:
    """Names of the functions that a command enters, by their file within the package."""
    for module in pkgutil.walk_packages([str(_PACKAGE)], "drugresponse."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    entered: dict[str, set[str]] = defaultdict(set)

    def note(frame: FrameType, event: str, _argument: object) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(str(_PACKAGE)):
            entered[str(Path(code.co_filename).relative_to(_PACKAGE))].add(code.co_qualname)

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        code = importlib.import_module("drugresponse.cli").main(list(words))
    finally:
        sys.setprofile(None)
        threading.setprofile(None)  # type: ignore[arg-type]
    if code:
        raise SystemExit(code)
    return entered


def main() -> None:
    entered = entered_functions(sys.argv[1:])
    rooms: dict[str, int] = defaultdict(int)
    for file in entered:
        rooms[file.partition("/")[0] if "/" in file else "."] += 1
    lines = [f"{file}: {len(functions)}" for file, functions in sorted(entered.items())]
    lines += [f"{room}: {count} files" for room, count in sorted(rooms.items())]
    lines.append(f"{len(entered)} files, {sum(map(len, entered.values()))} functions")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
