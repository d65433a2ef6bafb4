"""Rows in folds, whole groups in one."""

from __future__ import annotations

import numpy as np

from drugresponse.learners.groups import deal_groups


def test_deal_groups__whole_groups_and_any_order_of_rows():
    groups = np.array([f"g{at % 7}" for at in range(40)])
    folds = deal_groups(groups, 5, 0)
    assert sorted(np.concatenate(folds).tolist()) == list(range(40))
    assert all(not set(groups[fold]) & set(np.delete(groups, fold)) for fold in folds)
    turned = deal_groups(groups[::-1], 5, 0)
    assert [sorted(set(groups[fold])) for fold in folds] == [sorted(set(groups[::-1][fold])) for fold in turned]
    assert len(deal_groups(groups[:1], 5, 0)) == 1
