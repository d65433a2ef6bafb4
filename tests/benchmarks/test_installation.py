"""Broken installations can be tried, and every module of the benchmarks can be loaded."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

import benchmarks
from benchmarks.installation.broken import BROKEN, validated

MODULES = [found.name for found in pkgutil.walk_packages(benchmarks.__path__, "benchmarks.")]
NOT_HERE = ("benchmarks.__main__", "benchmarks.dreval.model", "benchmarks.dreval.trial")
"""What begins to work as it is loaded, and what needs drevalpy, which is installed by nobody else."""


@pytest.mark.parametrize("name", [name for name in MODULES if name not in NOT_HERE])
def test_modules__can_be_loaded(name):
    importlib.import_module(name)


def test_broken__a_library_that_the_program_begins_with_is_named():
    code, line = validated(*BROKEN["a library is missing with which the program begins: numpy"])
    assert code == 2 and "a library cannot be loaded" in line and "numpy" in line
