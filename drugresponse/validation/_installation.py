"""Checks of what is installed: the package and its pack are whole, and each library is the one that it says it is."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import pkgutil
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import drugresponse
from drugresponse.errors import show_ids
from drugresponse.learners.registry import LEARNERS
from drugresponse.readers.formats import FORMATS
from drugresponse.validation.bench import Bench
from drugresponse.validation.checks import Check, equal
from drugresponse.version import __version__

__all__ = ["CHECKS"]

_LIBRARIES = {
    "anndata": "anndata",
    "cyvcf2": "cyvcf2",
    "h5py": "h5py",
    "jinja2": "jinja2",
    "matplotlib": "matplotlib",
    "narwhals": "narwhals",
    "numpy": "numpy",
    "pandas": "pandas",
    "pgenlib": "Pgenlib",
    "pyarrow": "pyarrow",
    "python_calamine": "python-calamine",
    "rdkit": "rdkit",
    "safetensors": "safetensors",
    "scipy": "scipy",
    "shtab": "shtab",
    "sklearn": "scikit-learn",
    "threadpoolctl": "threadpoolctl",
    "torch": "torch",
    "tqdm": "tqdm",
    "xgboost": "xgboost",
    "yaml": "PyYAML",
}
"""By the name that is imported, the name that is installed."""


def _pack(bench: Bench) -> Iterator[Check]:
    """The pack is whole"""
    sums = dict(line.split("  ")[::-1] for line in (bench.pack / "SHA256SUMS").read_text("utf-8").splitlines())
    wrong = [name for name, digest in sums.items() if _digest(bench.pack / name) != digest]
    yield equal("Files of the pack that are missing or changed", show_ids(wrong) or "none", "none")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _modules(_bench: Bench) -> Iterator[Check]:
    """Every module of the package can be loaded"""
    names = [each.name for each in pkgutil.walk_packages(drugresponse.__path__, "drugresponse.")]
    failed = []
    for name in names:
        if not name.startswith(("drugresponse.galaxy", "drugresponse.cluster")) and not name.endswith("__main__"):
            try:
                importlib.import_module(name)
            except Exception as error:
                failed.append(f"{name} ({type(error).__name__}: {error})")
    yield equal("Modules that cannot be loaded", "; ".join(failed) or "none", "none")
    yield equal("Modules of the package, at least 400", "so many" if len(names) >= 400 else len(names), "so many")


def _files(_bench: Bench) -> Iterator[Check]:
    """The files of the package are those that were installed"""
    installed = metadata.distribution("drugresponse")
    yield equal("Version that is installed", installed.version, __version__)
    listed = [file for file in installed.files or [] if file.parts[0] == "drugresponse" and file.hash is not None]
    recorded = [file for file in listed if file.suffix != ".pyc"]
    if not recorded:
        # a check-out, which is changed on purpose
        return
    here = Path(drugresponse.__file__).resolve()
    shadowed = all(Path(str(file.locate())).resolve() != here for file in recorded)
    yield equal(
        "The package that runs",
        f"another, {here.parent}" if shadowed else "that which is installed",
        "that which is installed",
    )
    changed = [str(file) for file in recorded if _changed(file)]
    yield equal("Files of the package that are missing or changed", show_ids(changed) or "none", "none")


def _changed(file: metadata.PackagePath) -> bool:
    path = Path(str(file.locate()))
    if not path.is_file() or file.hash is None:
        return True
    import base64

    digest = hashlib.new(file.hash.mode, path.read_bytes()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != file.hash.value


def _libraries(_bench: Bench) -> Iterator[Check]:
    """Each library is loaded from where it is installed"""
    wrong = []
    for module, name in _LIBRARIES.items():
        try:
            loaded = importlib.import_module(module)
            root = Path(str(metadata.distribution(name).locate_file(""))).resolve()
        except Exception as error:
            wrong.append(f"{name} ({type(error).__name__}: {error})")
            continue
        place = Path(str(loaded.__file__)).resolve()
        if root not in place.parents:
            wrong.append(f"{name} (from {place})")
    yield equal("Libraries that cannot be loaded, or come from elsewhere", "; ".join(wrong) or "none", "none")


def _registered(_bench: Bench) -> Iterator[Check]:
    """What every learner and every format is made by is there"""
    failed = []
    places = {
        **{name: each.place for name, each in LEARNERS.items()},
        **{name: each.place for name, each in FORMATS.items()},
    }
    for name, place in places.items():
        module, _, called = place.partition(":")
        try:
            getattr(importlib.import_module(module), called)
        except Exception as error:
            failed.append(f"{name} ({type(error).__name__}: {error})")
    yield equal("Learners and formats that cannot be loaded", "; ".join(failed) or "none", "none")


CHECKS = (_pack, _libraries, _files, _modules, _registered)
