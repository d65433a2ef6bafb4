"""What is installed here, what this machine gives, and what would go wrong: to read, or to send with a question."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from drugresponse.errors import InputError, count
from drugresponse.gpu_driver import has_driver
from drugresponse.memory_limit import memory_left
from drugresponse.settings import COMMANDS, Parameter, convert
from drugresponse.threads import available_cores, count_jobs
from drugresponse.version import __version__

__all__ = ["examine", "findings_as_text"]

_OTHER_VARIABLES = ("GALAXY_MEMORY_MB", "_GALAXY_JOB_TMP_DIR", "TMPDIR", "OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES")
_LEAST_MEGABYTES = 600
"""What libraries of the hungriest learner take before there are data."""
_LEAST_FREE = 100
"""Megabytes of a temporary folder."""
_OPTIONAL = ("dask", "distributed")
_OPTIONS: Mapping[str, Parameter] = {
    parameter.environment: parameter
    for command in COMMANDS.values()
    for parameter in command.parameters
    if parameter.environment
}
"""By the variable that supplies their default."""


def examine() -> dict[str, Any]:
    """Everything that is known of this installation and this machine; `problems` lists what would go wrong.

    torch is imported only where a driver of a GPU is seen.

    Examples
    --------
    >>> sorted(examine())[:4]
    ['cores', 'gpu', 'libraries', 'memory_mb']
    """
    problems: list[str] = []
    gpu = _gpu(problems)
    return {
        "version": __version__,
        "python": f"{platform.python_version()} ({sys.executable})",
        "system": platform.platform(),
        "libraries": _libraries(problems),
        "cores": available_cores(),
        "threads": _threads(),
        "memory_mb": _memory(problems),
        "gpu": gpu,
        "variables": _variables(problems, has_gpu=not gpu.startswith("none")),
        "temporary_folder": _temporary_folder(problems),
        "problems": problems,
    }


def findings_as_text(found: Mapping[str, Any], *, as_json: bool = False) -> str:
    """What `examine` found as lines for people, or as JSON for programs.

    Parameters
    ----------
    found
        As `examine` gives it.
    as_json
        Whether a program reads it.
    """
    if as_json:
        return json.dumps(found, indent=2, ensure_ascii=False) + "\n"
    memory = "not told by this system" if found["memory_mb"] is None else f"{found['memory_mb']:,} MB are left"
    folder = found["temporary_folder"]
    lines = {
        "drugresponse": found["version"],
        "Python": found["python"],
        "system": found["system"],
        "libraries": ", ".join(f"{name} {version or 'missing'}" for name, version in found["libraries"].items()),
        "processor": f"{count(found['cores'], 'core')}; work runs on {count(found['threads'], 'thread')}",
        "memory": memory,
        "GPU": found["gpu"],
        "variables": ", ".join(f"{name}={value}" for name, value in found["variables"].items()) or "none is set",
        "temporary": f"{folder['path']}, {folder['free_mb']:,} MB free",
    }
    shown = [f"{name + ':':14}{value}" for name, value in lines.items()]
    problems = [f"  {problem}" for problem in found["problems"]]
    verdict = ["What would go wrong:", *problems] if problems else ["Nothing that would go wrong was found."]
    return "\n".join([*shown, *verdict]) + "\n"


def _libraries(problems: list[str]) -> dict[str, str | None]:
    """Version of each library that this package names; None where it is missing."""
    try:
        required = [line for line in metadata.requires("drugresponse") or [] if "extra ==" not in line]
    except metadata.PackageNotFoundError:
        problems.append("drugresponse: is not installed, so that its libraries are not known. Install it with pip.")
        return {}
    try:
        from packaging.requirements import Requirement
    except ImportError:
        problems.append("packaging: is missing. Install it with: pip install packaging")
        return {}
    versions: dict[str, str | None] = {}
    for each in map(Requirement, required):
        version = _version(each.name)
        versions[each.name] = version
        if version is None or not each.specifier.contains(version, prereleases=True):
            have = "is missing" if version is None else f"version {version} is installed"
            problems.append(f"{each.name}: {have} (expected {each.specifier}). pip install '{each}'")
    return versions | {name: version for name in _OPTIONAL if (version := _version(name))}


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _threads() -> int:
    slots = os.environ.get("GALAXY_SLOTS", "").strip()
    return count_jobs(int(slots)) if slots.isdigit() and int(slots) else count_jobs(None)


def _memory(problems: list[str]) -> int | None:
    try:
        left = memory_left()
    except InputError as error:
        problems.append(str(error))
        return None
    if left == sys.maxsize:
        return None
    if left >> 20 < _LEAST_MEGABYTES:
        problems.append(
            f"memory: {left >> 20:,} MB are left (expected {_LEAST_MEGABYTES} or more). Close other programs, or ask "
            "for more; the learner ridge takes least."
        )
    return left >> 20


def _gpu(problems: list[str]) -> str:
    """What torch sees, asked only where there is a driver: its import takes seconds."""
    version = _version("torch")
    if version is None or not has_driver():
        return "none (no driver)" if version else "none (torch is missing)"
    if version.endswith("+cpu"):
        return f"none that torch {version} can use: it is built for the CPU"
    try:
        import torch

        if torch.cuda.is_available():
            return f"{torch.cuda.get_device_name(0)} (torch {version})"
    except (ImportError, OSError, RuntimeError) as error:
        problems.append(f"torch: cannot be loaded ({error}). Install it again.")
    return f"none that torch {version} sees"


def _variables(problems: list[str], *, has_gpu: bool) -> dict[str, str]:
    """Those that are set and looked at."""
    known = {name: os.environ[name] for name in (*_OPTIONS, *_OTHER_VARIABLES) if os.environ.get(name)}
    for name, parameter in _OPTIONS.items():
        text = known.get(name, "").strip()
        try:
            if text:
                convert(parameter, text, name)
        except InputError as error:
            problems.append(str(error))
    device = known.get("GALAXY_DRUGRESPONSE_DEVICE")
    if device == "cuda" and not has_gpu:
        problems.append("GALAXY_DRUGRESPONSE_DEVICE: found cuda, and no GPU is seen. Set it to auto, or unset it.")
    return known


def _temporary_folder(problems: list[str]) -> dict[str, Any]:
    try:
        folder = Path(tempfile.gettempdir())
        with tempfile.NamedTemporaryFile(dir=folder) as file:
            file.write(b"proof")
        free = shutil.disk_usage(folder).free >> 20
    except OSError as error:
        problems.append(f"temporary folder: cannot be written ({error.strerror}). Set TMPDIR to one that can.")
        return {"path": os.environ.get("TMPDIR", "none"), "free_mb": 0}
    asked = os.environ.get("TMPDIR", "")
    if asked and folder.resolve() != Path(asked).resolve():
        problems.append(f"TMPDIR: {asked} cannot be written, so that {folder} is used. Set it to a folder that can be.")
    if free < _LEAST_FREE:
        problems.append(
            f"temporary folder: {free:,} MB are free in {folder} (expected {_LEAST_FREE} or more). Free space, or set "
            "TMPDIR to another folder."
        )
    return {"path": str(folder), "free_mb": free}
