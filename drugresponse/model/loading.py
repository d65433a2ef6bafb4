"""A model from its file, proved before it is used."""

from __future__ import annotations

from pathlib import Path

from drugresponse.errors import InputError, ModelFileError
from drugresponse.model._manifest_schema import check_manifest
from drugresponse.model.file import read_model_file
from drugresponse.model.model import DrugResponseModel
from drugresponse.model.parts import FittedParts

__all__ = ["load_model"]


def load_model(path: str | Path) -> DrugResponseModel:
    """Load a model that `save` or `drugresponse train` wrote. Nothing in the file is executed.

    Raises
    ------
    ModelFileError
        The file is foreign, truncated, damaged or of a newer format.
    """
    state, manifest = read_model_file(path)
    check_manifest(manifest, str(path))
    try:
        model = DrugResponseModel(**manifest["parameters"])
        model.parts_, model.metrics_ = FittedParts.from_state(state, manifest), None
    except ModelFileError:
        raise
    except (InputError, LookupError, TypeError, AttributeError, ValueError, ArithmeticError, RecursionError) as error:
        raise ModelFileError(
            f"{path}: its parts do not make a model ({error!r}). The file is damaged; train again."
        ) from error
    return model
