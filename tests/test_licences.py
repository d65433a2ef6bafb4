"""Every library that is installed with the package may be used by a program under the MIT licence."""

from __future__ import annotations

import re
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

# LGPL and MPL ask for nothing but that their own files stay free, which a library that is imported unchanged fulfils
FREE = re.compile(
    r"(MIT|BSD|0BSD|Apache|ISC|MPL|PSF|Python Software Foundation|Zlib|CC0|BSL|HPND|LLVM|LGPL|Unlicense)\b",
    re.IGNORECASE,
)
BY_HAND = {
    # licence of the CUDA toolkit, at https://docs.nvidia.com/cuda/eula: may be handed on with a program; XGBoost and
    # torch bring them for GPUs, and nothing here imports or ships them
    "nvidia": "LicenseRef-NVIDIA-Proprietary",
}


def distributions(name: str) -> dict[str, metadata.Distribution]:
    """A distribution and all that it needs here, by name."""
    kept: dict[str, metadata.Distribution] = {}
    waiting = [name]
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name not in kept:
            kept[name] = metadata.distribution(name)
            needed = map(Requirement, kept[name].requires or [])
            waiting += [each.name for each in needed if each.marker is None or each.marker.evaluate({"extra": ""})]
    return kept


def licences(about: metadata.PackageMetadata) -> list[list[str]]:
    """What must be kept to, each as the licences of which one may be chosen; nothing where none is told."""
    stated = about.get("License-Expression")
    if stated is None:
        classifiers = [
            each.split(" :: ")[-1] for each in about.get_all("Classifier") or [] if each.startswith("License")
        ]
        stated = " AND ".join(classifiers) or (about.get("License") or "").strip()[:60].splitlines()[0:1]
        stated = stated if isinstance(stated, str) else "".join(stated)
    parts = re.split(r"\s+(?:AND|WITH)\s+", re.sub(r"[()]", "", stated))
    return [re.split(r"\s+OR\s+", part) for part in parts if part]


def is_free(about: metadata.PackageMetadata) -> bool:
    parts = licences(about)
    return bool(parts) and all(any(FREE.match(each) for each in choices) for choices in parts)


def test_licences__of_all_that_is_installed_are_compatible_with_mit():
    found = distributions("drugresponse")
    assert len(found) > 40
    told = {
        name: licences(each.metadata)
        for name, each in found.items()
        if not is_free(each.metadata) and name.split("-")[0] not in BY_HAND
    }
    assert told == {}, "look at their licences, and write them down in BY_HAND with where they stand"


@pytest.mark.parametrize(
    ("header", "free"),
    [
        ("License-Expression: MIT", True),
        ("License-Expression: Apache-2.0 OR BSD-2-Clause", True),
        ("License-Expression: GPL-3.0-only OR MIT", True),
        ("License-Expression: MIT AND GPL-3.0-only", False),
        ("License-Expression: AGPL-3.0-only", False),
        ("License: GPL-3", False),
        ("Classifier: License :: OSI Approved :: GNU General Public License v3 (GPLv3)", False),
        ("Classifier: License :: OSI Approved :: BSD License", True),
        ("Name: nothing-told", False),
    ],
)
def test_licences__what_is_not_free_or_not_told_is_seen(header, free):
    from email import message_from_string

    assert is_free(message_from_string(header)) == free
