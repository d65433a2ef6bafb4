"""Faults to plant: chosen by hand, one line each, and operators changed by a seed."""

from __future__ import annotations

import ast
import random
from dataclasses import dataclass
from pathlib import Path

__all__ = ["CHOSEN", "Fault", "drawn_faults"]


@dataclass(frozen=True)
class Fault:
    """One text of one file in the place of another; `at` is where it stands, where it stands there more than once."""

    file: str
    old: str
    new: str
    at: int = 0

    @property
    def words(self) -> str:
        """As a row of the table names it."""
        return f"{self.file}: {' '.join(self.old.split())} -> {' '.join(self.new.split())}"

    def planted(self, text: str) -> str:
        """The file with the fault in it."""
        at = self.at or text.index(self.old)
        if text[at : at + len(self.old)] != self.old:
            raise ValueError(f"{self.file}: does not hold {self.old!r}. Choose the fault anew.")
        return text[:at] + self.new + text[at + len(self.old) :]


CHOSEN = (
    Fault("readers/plink/_calls.py", "sample_maj=True)", "sample_maj=False)"),
    Fault("readers/vcf/_calls.py", "== _ONE_COPY) & (codes", "!= _ONE_COPY) & (codes"),
    Fault("readers/vcf/_calls.py", "(cells & 0xFF) | (cells >> 8 & 0xFF00)", "(cells & 0xFF) | (cells & 0xFF00)"),
    Fault(
        "learners/ridge_solver.py", "intercepts = target_means - token_means", "intercepts = target_means + token_means"
    ),
    Fault("learners/ridge_solver.py", "(share * tokens).sum(axis=0)", "tokens.mean(axis=0)"),
    Fault("learners/ridge_solver.py", "_MOST_LEVERAGE = 0.8", "_MOST_LEVERAGE = 0.4"),
    Fault("learners/ridge_solver.py", "np.arange(-3, 4.01, 0.5)", "np.arange(-3, 2.01, 0.5)"),
    Fault("data/metrics.py", "np.sqrt(np.mean(errors**2))", "np.mean(errors**2)"),
    Fault("data/metrics.py", "np.mean(np.abs(errors))", "np.median(np.abs(errors))"),
    Fault("data/metrics.py", "best = min(", "best = max("),
    Fault("data/metrics.py", "measured - reference, predicted - reference", "measured - reference, predicted"),
    Fault("curves/hill.py", "0.5 * (1.0 - np.tanh", "0.5 * (1.0 + np.tanh"),
    Fault("curves/hill.py", "self.midpoint + np.where", "self.midpoint - np.where"),
    Fault("curves/hill.py", "(fallen(high) - fallen(low)) / (high - low)", "(fallen(high) - fallen(low)) / high"),
    Fault("curves/measures.py", '"left": "right", "right": "left"', '"left": "left", "right": "right"'),
    Fault("curves/measures.py", "- offset) / factor", "- offset) * factor"),
    Fault("model/intervals/conformal.py", "(np.count_nonzero(total) + 1)", "np.count_nonzero(total)"),
    Fault("model/intervals/conformal.py", "level - 1e-9", "level - 0.2"),
    Fault(
        "model/intervals/conformal.py",
        "(sums / mean + 20) / (counts[used] + 20)",
        "(sums / mean + 20) / (counts[used] + 60)",
    ),
    Fault("model/file.py", "sort_keys=True, separators", "sort_keys=False, separators"),
    Fault(
        "model/file.py",
        'stored = manifest.get("sha256"), inputs.pop("sha256", None)',
        'stored = _digest(tensors, manifest), inputs.pop("sha256", None)',
    ),
    Fault("model/adaptation.py", "np.where(n_pilots > 0, reach, np.nan)", "np.where(n_pilots > 1, reach, np.nan)"),
    Fault("data/splits.py", "find_scheme(scheme).held_out or (_PAIRS,)", "(_PAIRS,)"),
    Fault("data/scores/ranking.py", "+ below / 2)", "+ below)"),
    Fault("data/scores/ranking.py", "np.argsort(-scores", "np.argsort(scores"),
    Fault("data/scores/follow_up.py", 'at, side="left")]\n    if entry', 'at, side="right")]\n    if entry'),
    Fault("data/scores/follow_up.py", "1 - events / at_risk", "1 - 0.5 * events / at_risk"),
    Fault("simulation/cohort.py", "n_samples)[:, None]\n    )", "n_samples)[:, None] * 3\n    )"),
    Fault("simulation/cohort.py", "np.random.default_rng(random_state)", "np.random.default_rng()"),
    Fault(
        "outputs.py", "self.temporary.replace(self.target)", "self.target.write_bytes(self.temporary.read_bytes()[:-1])"
    ),
    Fault("outputs.py", 'float_format="%.9g"', 'float_format="%.2g"'),
    Fault("outputs.py", "any(_same_file(path, file) for file in inputs)", "False"),
    Fault("features/alignment.py", "turned = self.turned[rows]", "turned = ~self.turned[rows]"),
    Fault(
        "association/associations.py",
        "shared = called.sample_ids[called.sample_ids.isin",
        "shared = called.sample_ids[~called.sample_ids.isin",
    ),
    Fault("data/missing.py", '"na"', '"n.a"'),
    Fault("errors.py", "exit_code = 3", "exit_code = 0"),
    Fault("workflows/reproducing.py", "== path.read_bytes()", "!= path.read_bytes()"),
    Fault("workflows/simulating.py", "random_state=settings.seed", "random_state=None"),
    Fault("genotype_qc/_summary.py", "FREQUENCY_BINS = (0.0, 0.005,", "FREQUENCY_BINS = (0.0, 0.05,"),
)
"""Each is a mistake that somebody could make."""

_ROOMS = (
    "readers/matrix", "readers/vcf", "readers/plink", "readers/tables", "readers/text", "readers/alterations",
    "readers/star_alleles", "readers/resistance", "features", "data", "data/scores", "data/outcomes",
    "data/responses", "learners", "learners/ridge", "learners/factors", "learners/trees", "learners/neural",
    "learners/stack", "learners/kernel", "learners/sparse", "model", "model/intervals", "model/forecasts",
    "model/requests", "model/scales", "evaluation", "explanation", "association", "curves", "genotype_qc",
    "simulation", "audit",
)  # fmt: skip
"""Where operators are changed: what reads, computes and tells, not what words and draws it."""
_OPERATORS = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.And: "and", ast.Or: "or",
}  # fmt: skip
_CHANGED = {
    "<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "+": "-", "-": "+", "*": "/", "/": "*",
    "and": "or", "or": "and",
}  # fmt: skip


def drawn_faults(package: Path, number: int, seed: int) -> list[Fault]:
    """Operators of random lines turned into others; a room is drawn first, so that large ones do not have all."""
    draw = random.Random(seed)
    drawn: dict[tuple[str, int], Fault] = {}
    while len(drawn) < number:
        room = draw.choice(_ROOMS)
        path = draw.choice(sorted((package / room).glob("*.py")))
        found = _operators(path.read_text("utf-8"), path.relative_to(package).as_posix())
        if found:
            fault = draw.choice(found)
            drawn[fault.file, fault.at] = fault
    return list(drawn.values())


def _operators(text: str, file: str) -> list[Fault]:
    """Every operator of a module that can be changed; annotations and messages are none."""
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    faults = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            parts, kind = (node.left, node.comparators[0]), type(node.ops[0])
        elif isinstance(node, ast.BinOp):
            parts, kind = (node.left, node.right), type(node.op)
        elif isinstance(node, ast.BoolOp):
            parts, kind = (node.values[0], node.values[1]), type(node.op)
        else:
            continue
        sign = _OPERATORS.get(kind)
        begin = starts[(parts[0].end_lineno or 1) - 1] + (parts[0].end_col_offset or 0)
        end = starts[parts[1].lineno - 1] + parts[1].col_offset
        if sign is None or not text.isascii() or text[begin:end].count(sign) != 1:
            continue
        at = begin + text[begin:end].index(sign)
        before, after = text[starts[node.lineno - 1] : at], text[at + len(sign) :].partition("\n")[0]
        faults.append(Fault(file, before + sign + after, before + _CHANGED[sign] + after, starts[node.lineno - 1]))
    return faults
