"""The front of all units on this machine; what a cluster does is in tests/cluster."""

from __future__ import annotations

import logging
import os

import pytest

from drugresponse.threads import count_jobs, one_job
from drugresponse.units import units_as_done, units_in_order


def power(base: int, exponent: int) -> tuple[int, int]:
    return base**exponent, os.getpid()


def inner(item: int, of: int) -> list[int]:
    return units_in_order(divmod_of, range(item), {"by": of}, 1, "units within a unit")


def divmod_of(item: int, by: int) -> int:
    return item % by


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_units__stand_in_the_order_of_the_items(n_jobs):
    made = units_in_order(power, range(20), {"exponent": 2}, n_jobs)
    assert [value for value, _ in made] == [base**2 for base in range(20)]
    assert {process for _, process in made} == {os.getpid()}


def test_units__in_processes_know_their_places():
    made = list(units_as_done(power, [5, 3, 4], {"exponent": 1}, 2, processes=True))
    assert [(at, value) for at, (value, _) in made] == [(0, 5), (1, 3), (2, 4)]
    assert os.getpid() not in {process for _, (_, process) in made}


def test_progress__counts_units_of_all_in_tenths(caplog):
    with caplog.at_level(logging.INFO, "drugresponse.progress"):
        units_in_order(power, range(25), {"exponent": 1}, 1, "powers")
    assert caplog.messages == [f"{done} of 25 powers" for done in (3, 6, 9, 12, 15, 18, 21, 24, 25)]


def test_progress__units_within_a_unit_are_not_counted(caplog):
    with caplog.at_level(logging.INFO, "drugresponse.progress"):
        made = units_in_order(inner, [2, 3], {"of": 2}, 1, "units")
    assert made == [[0, 1], [0, 1, 0]]
    assert caplog.messages == ["1 of 2 units", "2 of 2 units"]


def test_one_job__is_one_whatever_is_asked_for():
    with one_job():
        assert [count_jobs(asked) for asked in (None, -1, 8)] == [1, 1, 1]
    assert count_jobs(8) == 8
