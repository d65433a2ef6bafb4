"""python -m benchmarks [run | table | compare | outcomes | sparse | speed | genome ...]: measure, and print tables."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from benchmarks.cache import NAIVE_NAMES, Cache
from benchmarks.cohorts import cohort_names
from benchmarks.compare import compare_with
from benchmarks.outcomes.command import add_outcome_options, print_outcomes
from benchmarks.pages import comparison_page, put_between_marks, scores_page, tab_separated
from benchmarks.references import REFERENCES
from benchmarks.robustness.fuzz import add_fuzz_options, run_fuzz
from benchmarks.robustness.kills import add_kill_options, run_kills
from benchmarks.robustness.membership import add_membership_options, membership_lines
from benchmarks.run import Plan, known_learners, run
from benchmarks.scoreboard import add_scoreboard_options, draw_ranks, read_scoreboard, scoreboard_page
from benchmarks.scores import fold_scores, mean_scores
from benchmarks.sparse import add_sparse_options, sparse_lines
from benchmarks.traps.command import add_trap_options, trap_lines
from drugresponse.errors import InputError
from drugresponse.learners.registry import LEARNERS

_COMMANDS = (
    "run",
    "table",
    "compare",
    "outcomes",
    "sparse",
    "speed",
    "genome",
    "memory",
    "traps",
    "fuzz",
    "kills",
    "membership",
    "scoreboard",
)
_GROUPS = {"references": (*NAIVE_NAMES, *REFERENCES), "learners": tuple(LEARNERS), "naive": NAIVE_NAMES}
"""What a word stands for that names several."""


def main(arguments: list[str]) -> int:
    if not arguments or (arguments[0].startswith("-") and arguments[0] not in ("-h", "--help")):
        arguments = ["run", *arguments]
    options = _parser().parse_args(arguments)
    try:
        if options.command == "speed":
            from benchmarks.small_problems import small_problem_lines
            from benchmarks.speed import speed_page

            if options.cohort is None:
                return _print_lines(small_problem_lines(options.learners or ["auto"]))
            sys.stdout.write(
                speed_page(options.data / options.cohort, options.learners or ["ridge", "neural", "boosted-trees"])
            )
            return 0
        if options.command == "genome":
            return _print_genome(options)
        if options.command == "sparse":
            return _print_lines(sparse_lines(options))
        if options.command == "traps":
            return _print_lines(trap_lines(options.commands, options.clean, options.only))
        if options.command == "fuzz":
            return run_fuzz(options)
        if options.command == "membership":
            return _print_lines(membership_lines(options))
        if options.command == "kills":
            return run_kills(options)
        if options.command == "memory":
            return _print_memory(options)
        if options.command == "outcomes":
            return print_outcomes(options)
        cache = Cache(options.cache)
        if options.command == "compare":
            return _compare(cache, options)
        if options.command == "scoreboard":
            return _print_scoreboard(cache, options)
        failed = run(_plan(options), cache) if options.command == "run" else 0
        _print_scores(cache, options)
    except InputError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    data = argparse.ArgumentParser(add_help=False)
    data.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder of cohort folders")
    cached = argparse.ArgumentParser(add_help=False)
    cached.add_argument("--cache", type=Path, default=Path(".benchmarks"), help="what has been measured")
    cached.add_argument("--tsv", type=Path, help="write the table also here, tab-separated")
    cached.add_argument(
        "--markdown", type=Path, help="write the page also here; between its marks, where the file has them"
    )
    measured = commands.add_parser("run", parents=[data, cached], help="measure, then print the table (default)")
    measured.add_argument("--cohorts", nargs="+", help="all in the folder when left out")
    measured.add_argument("--schemes", nargs="+", default=[], help="all that a cohort can answer when left out")
    measured.add_argument(
        "--learners", nargs="+", help=f"of: {', '.join(known_learners())}; references: all references"
    )
    measured.add_argument("--folds", type=int, default=5, help="where none lie beside the data")
    measured.add_argument("--only-folds", type=int, nargs="+", default=[], help="numbers of the folds to run, from 0")
    measured.add_argument("--threads", type=int, default=1)
    measured.add_argument("--minutes", type=float, default=30.0, help="after which a unit is stopped")
    measured.add_argument("--again", action="store_true", help="try units that failed or were stopped again")
    measured.add_argument(
        "--every-fold", action="store_true", help="run slow references on all folds, not on the first"
    )
    table = commands.add_parser("table", parents=[cached], help="print the table of what has been measured")
    table.add_argument("--by-fold", action="store_true", help="a row for each fold in --tsv")
    measured.add_argument("--by-fold", action="store_true", help="a row for each fold in --tsv")
    compared = commands.add_parser("compare", parents=[cached], help="a learner against each other one")
    compared.add_argument("--learner", default="auto")
    compared.add_argument("--against", nargs="+", default=[], help="references, or names; all measured when left out")
    compared.add_argument("--draws", type=int, default=1000)
    add_scoreboard_options(
        commands.add_parser("scoreboard", parents=[cached], help="ranks of all measured, and of other tools")
    )
    outcomes = commands.add_parser(
        "outcomes", parents=[data, cached], help="yes or no, classes, limits and times beside references"
    )
    add_outcome_options(outcomes)
    add_sparse_options(
        commands.add_parser("sparse", help="few or many causal variants among 20,000, beside a cross-validated lasso")
    )
    speed = commands.add_parser("speed", parents=[data], help="ratios of cost, measured in one run")
    speed.add_argument("--learners", nargs="+", help="ridge neural boosted-trees on a cohort, auto on small problems")
    speed.add_argument("cohort", nargs="?", help="a folder of the data; small simulated problems when left out")
    genome = commands.add_parser("genome", help="simulated PLINK files of genome-wide size: memory and time")
    genome.add_argument(
        "--sizes",
        nargs="+",
        default=["2000x100000x2000", "1000x1000000x10000", "10000x200000", "20000x20000x20000"],
        help="samples x variants, and x new samples to predict for: %(default)s",
    )
    genome.add_argument("--folder", type=Path, default=Path(".benchmarks/genome"), help="scratch for the files")
    genome.add_argument("--learner", default="ridge")
    genome.add_argument("--folds", type=int, default=3)
    memory = commands.add_parser("memory", help="peak memory of ten trainings beside the estimate that refuses jobs")
    memory.add_argument("--learners", nargs="+", default=["ridge", "boosted-trees", "auto"])
    memory.add_argument("--threads", type=int, default=1)
    add_trap_options(commands.add_parser("traps", help="statistical traps that are told of, and clean cohorts"))
    add_fuzz_options(commands.add_parser("fuzz", help="damaged inputs of every format: none may end without its line"))
    add_kill_options(commands.add_parser("kills", help="commands killed at random, and disks and folders in the way"))
    add_membership_options(commands.add_parser("membership", help="how well a model tells who was in its training"))
    return parser


def _plan(options: argparse.Namespace) -> Plan:
    names = options.cohorts or cohort_names(options.data)
    learners = [
        each
        for name in options.learners or known_learners()
        for each in _GROUPS.get(name, (name,))
        if each not in NAIVE_NAMES
    ]
    return Plan(
        cohorts=tuple(options.data / name for name in names),
        schemes=tuple(options.schemes),
        learners=tuple(dict.fromkeys(learners)),
        folds=options.folds,
        only_folds=tuple(options.only_folds),
        threads=options.threads,
        minutes=options.minutes,
        again=options.again,
        every_fold=options.every_fold,
    )


def _print_scores(cache: Cache, options: argparse.Namespace) -> None:
    folds = fold_scores(cache)
    means = mean_scores(folds)
    _write(options, scores_page(means), tab_separated(folds if options.by_fold else means))


def _print_genome(options: argparse.Namespace) -> int:
    from benchmarks.genome import GenomeSize, genome_lines

    threads = os.environ.get("OMP_NUM_THREADS", "all")
    print(f"{options.learner}, one drug, {options.folds} folds; threads of linear algebra: {threads}")
    print("| work | memory, MB | seconds | CPU seconds | ratios |\n|---|---|---|---|---|")
    for words in options.sizes:
        size = GenomeSize(*map(int, words.split("x")))
        for line in genome_lines(options.folder, size, options.learner, options.folds):
            print(line, flush=True)
    return 0


def _compare(cache: Cache, options: argparse.Namespace) -> int:
    against = [each for name in options.against for each in _GROUPS.get(name, (name,))]
    table = compare_with(cache, options.learner, against, n_draws=options.draws)
    _write(options, comparison_page(table, options.learner), tab_separated(table))
    return int(table["verdict"].isin(["worse", "deficit"]).any())


def _print_scoreboard(cache: Cache, options: argparse.Namespace) -> int:
    board = read_scoreboard(cache, options.others, options.learners)
    _write(options, scoreboard_page(board), tab_separated(board.places))
    if options.figure is not None:
        draw_ranks(board, options.figure)
    return 0


def _print_memory(options: argparse.Namespace) -> int:
    from benchmarks.memory import memory_lines

    print("| samples x features x drugs | learner | estimate, MB | peak, MB | ratio |\n|---|---|---|---|---|")
    return _print_lines(memory_lines(learners=options.learners, n_jobs=options.threads))


def _print_lines(lines: Iterable[str]) -> int:
    """Each as soon as it is measured."""
    for line in lines:
        print(line, flush=True)
    return 0


def _write(options: argparse.Namespace, page: str, table: str) -> None:
    sys.stdout.write(page)
    if options.tsv is not None:
        options.tsv.write_text(table, encoding="utf-8")
    if options.markdown is not None:
        old = options.markdown.read_text(encoding="utf-8") if options.markdown.is_file() else ""
        options.markdown.write_text(put_between_marks(old, page), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
