"""The tests of what computes, as on other kinds of processor, where sums are added in another order.

Usage: `python tests/other_cpus.py [what pytest takes]`; without it the rooms models, features and data are tested.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("-q", "tests/learners", "tests/model", "tests/features", "tests/data")
# the names of OpenBLAS, and what it calls the kernels that it takes; AVX-512 cannot be played without having it
KERNELS = {"Haswell": {"Haswell"}, "Zen": {"Zen", "Haswell"}, "SkylakeX": {"SkylakeX"}}
_SWITCHED = """
import sys, scipy.linalg, torch
from numpy._core._multiarray_umath import __cpu_features__
from threadpoolctl import threadpool_info
kernels = {each["architecture"] for each in threadpool_info() if each["internal_api"] == "openblas"}
active = [name for name in sys.argv[3].split() if __cpu_features__[name]]
found = kernels, active, torch.backends.cpu.get_cpu_capability()
if not kernels <= set(sys.argv[1].split()) or found[1:] != ([], sys.argv[2]):
    sys.exit(f"other_cpus: the processor was not switched: {found}")
"""


def numpy_groups() -> str:
    """The groups of instructions that this numpy can leave out and this processor has."""
    from numpy._core import _multiarray_umath as numpy_core

    return " ".join(name for name in numpy_core.__cpu_dispatch__ if numpy_core.__cpu_features__[name])


def run(kernel: str, arguments: list[str]) -> bool:
    """Whether the tests pass with this kernel of OpenBLAS, and the plainest code of numpy and torch but for AVX-512."""
    plain = kernel != "SkylakeX"
    groups, torch = (numpy_groups(), "default") if plain else ("", "avx512")
    settings = {"OPENBLAS_CORETYPE": kernel, "NPY_DISABLE_CPU_FEATURES": groups, "ATEN_CPU_CAPABILITY": torch}
    environment = {**os.environ, **settings, "OMP_NUM_THREADS": "1"}
    print(f"== {settings}", flush=True)
    check = [sys.executable, "-c", _SWITCHED, " ".join(KERNELS[kernel]), torch.upper(), groups]
    subprocess.run(check, env=environment, check=True)
    return subprocess.run([sys.executable, "-m", "pytest", *arguments], env=environment, cwd=ROOT).returncode == 0


def main() -> None:
    """Every kernel in turn; ends with 1 where a test fails under one of them."""
    with_avx512 = "avx512f" in Path("/proc/cpuinfo").read_text(encoding="utf-8")
    kernels = [name for name in KERNELS if name != "SkylakeX" or with_avx512]
    failed = [name for name in kernels if not run(name, sys.argv[1:] or list(ROOMS))]
    sys.exit(f"other_cpus: tests fail with {', '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    main()
