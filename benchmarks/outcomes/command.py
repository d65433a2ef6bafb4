"""python -m benchmarks outcomes: measure what is not kept, print the tables."""

from __future__ import annotations

import argparse
import sys

from benchmarks.outcomes.page import question_page
from benchmarks.outcomes.questions import QUESTIONS
from benchmarks.outcomes.references import REFERENCES_OF_KIND
from benchmarks.outcomes.running import measure_question
from benchmarks.outcomes.said import SaidStore
from benchmarks.pages import put_between_marks
from drugresponse.errors import InputError, nearest

__all__ = ["add_outcome_options", "print_outcomes"]

MARK = "outcomes"
"""Between which marks of a page the tables stand."""


def add_outcome_options(parser: argparse.ArgumentParser) -> None:
    """Options of the command, beside those of the data and the cache."""
    parser.add_argument("--questions", nargs="+", default=list(QUESTIONS), help=f"of: {', '.join(QUESTIONS)}")
    parser.add_argument(
        "--learners", nargs="*", default=["ridge", "boosted-trees", "auto"], help="none prints the references"
    )


def print_outcomes(options: argparse.Namespace) -> int:
    """Measure, print and write the page.

    Raises
    ------
    InputError
        A question is unknown.
    """
    unknown = [name for name in options.questions if name not in QUESTIONS]
    if unknown:
        raise InputError(f'--questions: "{unknown[0]}" is unknown. {nearest(unknown[0], QUESTIONS)}')
    store, parts = SaidStore(options.cache / "outcomes"), []
    for name in options.questions:
        question = QUESTIONS[name]
        held, said = measure_question(question, options.data, store, options.learners)
        parts.append(question_page(question, held, said, list(REFERENCES_OF_KIND[question.kind])))
        sys.stdout.write(f"{parts[-1]}\n")
        sys.stdout.flush()
    if options.markdown is not None:
        old = options.markdown.read_text(encoding="utf-8") if options.markdown.is_file() else ""
        options.markdown.write_text(put_between_marks(old, "\n".join(parts), MARK), encoding="utf-8")
    return 0
