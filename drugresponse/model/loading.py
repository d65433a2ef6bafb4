"""A model from its file, proved before it is used."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from drugresponse.errors import InputError, ModelFileError
from drugresponse.learners.chosen import refuse_foreign_learner, restored_learner
from drugresponse.model._manifest_schema import check_manifest
from drugresponse.model.file import read_model_file
from drugresponse.model.model import DrugResponseModel
from drugresponse.model.parts import FittedParts

__all__ = ["load_model"]


def load_model(path: str | Path, *, allow: Collection[str] = ()) -> DrugResponseModel:
    """Load a model that `save` or `drugresponse train` wrote. Nothing in the file is executed.

    Parameters
    ----------
    path
        The file.
    allow
        Names of learners of other installed distributions whose code may be run: a file cannot ask for it by itself.

    Raises
    ------
    InputError
        `allow` is no collection of names.
    ModelFileError
        The file is foreign, truncated, damaged or of a newer format, or its learner is of another distribution and not
        allowed.

    Examples
    --------
    >>> import tempfile
    >>> import drugresponse as dr
    >>> cohort = dr.simulate_cohort(n_samples=40, n_drugs=2, n_features=20)
    >>> model = dr.DrugResponseModel(learner="ridge", folds=0).fit(cohort.genotypes, cohort.responses)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model.save(Path(folder, "model.safetensors"))
    ...     dr.load_model(Path(folder, "model.safetensors")).learner
    'ridge'
    """
    if not isinstance(allow, Collection):
        raise InputError(
            f"`allow`: found {allow!r} (expected names of learners). Give a list of them, or leave it out."
        )
    state, manifest = read_model_file(path)
    check_manifest(manifest, str(path))
    refuse_foreign_learner(manifest, [allow] if isinstance(allow, str) else allow, str(path))
    try:
        model = DrugResponseModel(**{**manifest["parameters"], "learner": restored_learner(manifest)})
        model.parts_, model.metrics_ = FittedParts.from_state(state, manifest), None
    except ModelFileError:
        raise
    except (InputError, LookupError, TypeError, AttributeError, ValueError, ArithmeticError, RecursionError) as error:
        raise ModelFileError(
            f"{path}: its parts do not make a model ({error!r}). The file is damaged; train again."
        ) from error
    return model
