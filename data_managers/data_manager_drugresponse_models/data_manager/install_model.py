"""Write the row of an installed model: what Galaxy enters in its table, once the file has proved to be the right one.

Galaxy runs this beside the program `drugresponse`, with any Python 3: nothing but the standard library is used.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

TABLE = "drugresponse_models"
SIGNS_OF_CHECKSUM = 12
WRONG_INPUT = 2


class WrongInputError(ValueError):
    """The user's mistake; the message is one line and says what to do."""


def checksum(model: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with model.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def refuse_individuals(description: Mapping[str, Any]) -> None:
    """Refuse a model from whose file or predictions everyone could learn of single training samples.

    Raises
    ------
    WrongInputError
        It holds an effect for each training sample, or hashes of their ids.
    """
    if description["individual_level"]:
        problem = "an effect for each training sample (expected none). Train for new samples"
    elif not description["parameters"].get("forget_samples"):
        problem = (
            "hashes of the training samples' ids (expected none: predictions would tell everyone here who was in the "
            "training). Train with --forget-samples"
        )
    else:
        return
    raise WrongInputError(f"model: found {problem}, or tick 'Install although it tells of individuals'.")


def row_of(model: Path, description: Mapping[str, Any], name: str, expected: str) -> dict[str, str]:
    """The row of a model whose checksum is the expected one, or of any model where none is expected.

    Raises
    ------
    WrongInputError
        The checksum differs, or the name has no letter or digit.
    """
    found = checksum(model)
    wanted = expected.strip().lower()
    if wanted and wanted != found:
        raise WrongInputError(
            f"checksum: the file's is {found} ({wanted} expected). Fetch the file again, or ask its maker."
        )
    word = "_".join(re.findall("[a-z0-9]+", name.lower()))
    if not word:
        raise WrongInputError(f"name: found {name!r} (letters or digits expected). Give the model a name.")
    value = f"{word}_{found[:SIGNS_OF_CHECKSUM]}"
    return {
        "value": value,
        "name": " ".join(name.split()),
        "format": str(description["format"]),
        "sha256": found,
        "path": f"{value}.safetensors",
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Copy the model into the folder and write the row; 2 for a mistake of the user."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="the model file")
    parser.add_argument("--description", type=Path, required=True, help="what drugresponse describe --json says of it")
    parser.add_argument("--name", required=True, help="what users will see")
    parser.add_argument("--sha256", default="", help="the checksum that its maker gave")
    parser.add_argument("--individuals", action="store_true", help="install also what tells of single training samples")
    parser.add_argument("--folder", type=Path, required=True, help="from where Galaxy takes the file")
    parser.add_argument("--row", type=Path, required=True, help="the row, as Galaxy reads it")
    given = parser.parse_args(argv)
    description = json.loads(given.description.read_text(encoding="utf-8"))
    try:
        row = row_of(given.model, description, given.name, given.sha256)
        if not given.individuals:
            refuse_individuals(description)
    except WrongInputError as error:
        sys.stderr.write(f"install_model: error: {error}\n")
        return WRONG_INPUT
    given.folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(given.model, given.folder / row["path"])
    given.row.write_text(json.dumps({"data_tables": {TABLE: [row]}}, sort_keys=True), encoding="utf-8")
    sys.stdout.write(f"Installed {row['name']} as {row['value']}, SHA-256 {row['sha256']}.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
