"""The learners as models of drevalpy, which is no dependency: only `model` and `trial` import it."""
