from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import types
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xgboost  # noqa: F401 - brings an OpenMP library, whose number of threads is one of each thread
from threadpoolctl import threadpool_info, threadpool_limits

import drugresponse as dr
from drugresponse.threads import available_cores, count_jobs, one_thread, run_in_order

WIDTH = """
import logging, os, threading
import numpy as np, scipy.linalg, torch
import drugresponse as dr

def busy():
    "Nanoseconds of each thread that Python has not started."
    ours = {str(each.native_id) for each in threading.enumerate()}
    return {each: int(open(f"/proc/self/task/{each}/schedstat").read().split()[0])
            for each in os.listdir("/proc/self/task") if each not in ours}

def wide(call):
    "Whether another thread worked for half a millisecond: to wake up and to sleep again takes less, also when busy."
    before, made = busy(), call()
    return max((after - before.get(each, 0) for each, after in busy().items()), default=0) > 500_000, made

logging.disable(logging.CRITICAL)
cohort = dr.simulate_cohort(n_samples=300, n_drugs=4, n_features=1200)
tables = {"drugs": cohort.drugs, "samples": cohort.samples}
square = np.ones((600, 600))
# otherwise nothing would be seen
assert wide(lambda: square @ square)[0]
for learner in ("gaussian", "pair-ridge", "boosted-trees"):
    model = dr.DrugResponseModel(learner, folds=0, trees=4, n_jobs=1)
    print(learner, wide(lambda: model.fit(cohort.genotypes, cohort.responses, **tables))[0],
          wide(lambda: model.predict(cohort.genotypes, samples=cohort.samples))[0],
          wide(lambda: model.features_found(cohort.genotypes))[0])
print("explain", wide(lambda: dr.explain(model, cohort.genotypes, cohort.responses, samples=cohort.samples,
                                         refits=0, n_jobs=1))[0])
print("evaluate", wide(lambda: dr.evaluate(cohort.genotypes, cohort.responses, **tables, learners=["gaussian"],
                                           folds=2, shuffles=0, n_jobs=1))[0])
"""


def threads() -> list[int]:
    import torch

    return [*(each["num_threads"] for each in threadpool_info()), torch.get_num_threads()]


def test_count_jobs__means_what_it_does_in_scikit_learn():
    cores = available_cores()
    for n_jobs in (None, -1):
        assert count_jobs(n_jobs) == cores
    assert count_jobs(-2) == max(1, cores - 1)
    assert count_jobs(np.int64(7)) == 7
    for wrong in (0, 1.5, "2"):
        with pytest.raises(dr.InputError, match=r"^`n_jobs`: found .* \(expected a whole number"):
            count_jobs(wrong)


def test_public_calls__take_every_number_of_jobs_and_tell_the_same():
    cohort = dr.simulate_cohort(n_samples=60, n_drugs=3, n_features=20)
    tables = (cohort.genotypes, cohort.responses)
    associations, comparison, explained, predicted = ([] for _ in range(4))
    for jobs in (1, None, -1):
        associations.append(dr.associate(*tables, n_jobs=jobs).table)
        model = dr.DrugResponseModel("random-forest", folds=2, trees=4, n_jobs=jobs).fit(*tables)
        predicted.append(model.predict(cohort.genotypes))
        explained.append(dr.explain(model, *tables, refits=2, n_jobs=jobs).attributions)
        scores = dr.evaluate(*tables, learners=["ridge"], folds=2, shuffles=20, n_jobs=jobs)
        comparison.append(scores.comparison)
    for one, *others in (associations, comparison, explained, predicted):
        for other in others:
            pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_public_calls__refuse_no_job_at_all():
    cohort = dr.simulate_cohort(n_samples=40, n_drugs=2, n_features=20)
    tables = (cohort.genotypes, cohort.responses)
    model = dr.DrugResponseModel("ridge", folds=0).fit(*tables)
    for call in (
        lambda: dr.associate(*tables, n_jobs=0),
        lambda: dr.DrugResponseModel("ridge", n_jobs=0).fit(*tables),
        lambda: dr.explain(model, *tables, refits=0, n_jobs=0),
        lambda: dr.evaluate(*tables, learners=["ridge"], folds=2, shuffles=0, n_jobs=0),
    ):
        with pytest.raises(dr.InputError, match=r"^`n_jobs`: found 0"):
            call()


@pytest.mark.parametrize(("n_jobs", "width"), [(1, 1), (3, 3), (None, None), (-1, None)])
def test_run_in_order__runs_as_many_at_once_as_there_are_jobs(n_jobs, width):
    together = width or min(available_cores(), 8)
    barrier = threading.Barrier(together)
    assert run_in_order(lambda _: barrier.wait(60), range(together), n_jobs) is not None
    names: set[str] = set()
    run_in_order(lambda _: names.add(threading.current_thread().name), range(64), n_jobs)
    assert len(names) <= (width or available_cores())


def test_run_in_order__while_another_thread_is_still_loading_torch(monkeypatch):
    # so it stands in sys.modules while its import runs
    monkeypatch.setitem(sys.modules, "torch", types.ModuleType("torch"))
    with one_thread():
        assert run_in_order(lambda each: 2 * each, range(5), 3) == [0, 2, 4, 6, 8]


def test_public_calls__leave_as_many_threads_as_before():
    cohort = dr.simulate_cohort(n_samples=60, n_drugs=12, n_features=20)
    model = dr.DrugResponseModel("ridge", folds=2, n_jobs=1)
    pilot = cohort.responses.table.head(2).assign(sample_id="new")
    with threadpool_limits(limits=2):
        before = threads()
        for call in (
            lambda: model.fit(cohort.genotypes, cohort.responses, drugs=cohort.drugs, samples=cohort.samples),
            lambda: model.predict(cohort.genotypes, samples=cohort.samples),
            lambda: model.adapt(None, pilot),
            lambda: model.next_drugs(pilot),
            lambda: dr.explain(model, cohort.genotypes, cohort.responses, samples=cohort.samples, refits=0),
            lambda: dr.associate(cohort.genotypes, cohort.responses.table, n_jobs=1),
            lambda: dr.DrugResponseModel("neural", folds=0, epochs=1).fit(cohort.genotypes, cohort.responses),
        ):
            call()
            assert threads() == before
        with pytest.raises(dr.InputError):
            model.predict(cohort.genotypes, pairs=[])
        assert threads() == before


def test_one_thread__a_section_that_ends_leaves_another_one_narrow():
    entered, left = threading.Event(), threading.Event()

    def inside() -> None:
        with one_thread():
            entered.set()
            left.wait(60)

    with threadpool_limits(limits=2, user_api="blas"):
        before = threads()
        other = threading.Thread(target=inside)
        with one_thread():
            other.start()
            assert entered.wait(60)
        blas = {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"}
        assert blas == {1}
        left.set()
        other.join()
        assert threads()[:-1] == before[:-1]


LATER = """
import json
from threadpoolctl import threadpool_info
from drugresponse.threads import one_thread

def widths():
    return [each["num_threads"] for each in threadpool_info()]

with one_thread():
    import numpy
with one_thread():
    before = widths()
import xgboost
with one_thread():
    print(json.dumps([before, widths()]))
"""


def test_one_thread__narrows_what_was_loaded_since_the_last_section():
    environment = {**os.environ, "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"}
    done = subprocess.run([sys.executable, "-c", LATER], env=environment, capture_output=True, text=True, check=True)
    before, after = json.loads(done.stdout)
    assert len(after) > len(before) > 0
    assert {*before, *after} == {1}


@pytest.mark.skipif(
    not Path("/proc/self/schedstat").exists() or len(os.sched_getaffinity(0)) < 2, reason="one core cannot tell"
)
def test_public_calls__linear_algebra_runs_with_one_thread():
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "2", "OMP_NUM_THREADS": "2"}
    done = subprocess.run([sys.executable, "-c", WIDTH], env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-500:]
    assert "explain" in done.stdout
    assert "True" not in done.stdout, done.stdout
