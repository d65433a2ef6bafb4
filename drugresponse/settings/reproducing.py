"""The options of `reproduce`: a model, and the files that it was trained on."""

from __future__ import annotations

from drugresponse.settings.inputs import CohortTables, GenotypeFiles, GenotypeReading, MeasuredResponses, ModelFile
from drugresponse.settings.learning import Running
from drugresponse.settings.option import InputFile, InputTable, Settings, changed, option, options

__all__ = ["ReproduceSettings"]


@options()
class ReproduceSettings(ModelFile, Running, Settings):
    """Settings of `reproduce`; how the files are read, and all settings of the training, stand in the model."""

    genotypes: list[InputFile] = changed(GenotypeFiles, "genotypes")
    responses: InputTable = changed(MeasuredResponses, "responses")
    drugs: InputTable | None = changed(CohortTables, "drugs")
    samples: InputTable | None = changed(CohortTables, "samples")
    features: InputTable | None = changed(GenotypeReading, "features")
    aliases: InputTable | None = changed(GenotypeReading, "aliases")
    callable: InputFile | None = changed(GenotypeReading, "callable")
    tolerance: float = option(
        "Tolerance",
        "By how much a prediction may differ, as a share of the standard deviation of the predictions, where the bytes "
        "do: on another kind of processor sums are added in another order.",
        default=1e-5,
        limits=(0, 1),
    )
