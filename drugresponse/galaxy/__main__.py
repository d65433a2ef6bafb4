"""Write the Galaxy tools and the option page, or with --check only say which of them are stale."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from drugresponse.galaxy._pictures import CHECKSUMS, PARTS, checksums_text
from drugresponse.galaxy._tool import ROOT, render_all, shown_now


def note_pictured(beginnings: tuple[str, ...]) -> None:
    """Write down what the pictures show whose names begin so; of the others, what they showed when they were taken."""
    file, now = ROOT / CHECKSUMS, shown_now()
    taken = {name: word for name, word in json.loads(file.read_text(encoding="utf-8")).items() if name in now}
    taken |= {name: word for name, word in now.items() if name.startswith(beginnings)}
    file.write_text(checksums_text(dict(sorted(taken.items()))), encoding="utf-8")


def main(argv: Sequence[str] | None = None) -> int:
    """Returns 1 when --check found a stale file."""
    parser = argparse.ArgumentParser(prog="python -m drugresponse.galaxy", description=__doc__)
    parser.add_argument("--check", action="store_true", help="Write nothing.")
    words = "Pictures of all of these have just been taken: note it."
    parser.add_argument("--pictured", nargs="+", choices=sorted(PARTS), default=[], help=words)
    arguments = parser.parse_args(argv)
    if arguments.pictured:
        note_pictured(tuple(PARTS[part] for part in arguments.pictured))
    contents = render_all()
    stale = [path for path, text in contents.items() if not path.is_file() or path.read_text("utf-8") != text]
    for path in stale:
        if not arguments.check:
            path.write_text(contents[path], encoding="utf-8")
        sys.stdout.write(f"{'stale' if arguments.check else 'wrote'}: {path.relative_to(ROOT)}\n")
    return int(arguments.check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
