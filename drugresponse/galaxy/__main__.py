"""Write the Galaxy tools and the option page, or with --check only say which of them are stale."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from drugresponse.galaxy._pictures import CHECKSUMS, checksums_text
from drugresponse.galaxy._tool import ROOT, forms_now, render_all


def main(argv: Sequence[str] | None = None) -> int:
    """Returns 1 when --check found a stale file."""
    parser = argparse.ArgumentParser(prog="python -m drugresponse.galaxy", description=__doc__)
    parser.add_argument("--check", action="store_true", help="Write nothing.")
    parser.add_argument("--pictured", action="store_true", help="Pictures of all forms have just been taken: note it.")
    arguments = parser.parse_args(argv)
    if arguments.pictured:
        (ROOT / CHECKSUMS).write_text(checksums_text(forms_now()), encoding="utf-8")
    contents = render_all()
    stale = [path for path, text in contents.items() if not path.is_file() or path.read_text("utf-8") != text]
    for path in stale:
        if not arguments.check:
            path.write_text(contents[path], encoding="utf-8")
        sys.stdout.write(f"{'stale' if arguments.check else 'wrote'}: {path.relative_to(ROOT)}\n")
    return int(arguments.check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
