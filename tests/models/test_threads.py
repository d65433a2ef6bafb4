from __future__ import annotations

import sys
import types

from drugresponse.models.threads import one_thread, run_in_order


def test_run_in_order__while_another_thread_is_still_loading_torch(monkeypatch):
    # so it stands in sys.modules while its import runs
    monkeypatch.setitem(sys.modules, "torch", types.ModuleType("torch"))
    with one_thread():
        assert run_in_order(lambda each: 2 * each, range(5), 3) == [0, 2, 4, 6, 8]
