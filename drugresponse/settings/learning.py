"""Options about what is learned, what comes out, and how the work is run."""

from __future__ import annotations

from drugresponse.learners.registry import AUTO, LEARNERS
from drugresponse.settings.option import Folder, InputTable, OutputFile, OutputTable, option, options
from drugresponse.threads import count_jobs

__all__ = [
    "LEARNERS",
    "ChosenLearner",
    "Distributed",
    "EvaluationTables",
    "ForecastSettings",
    "LearnerSettings",
    "Predictions",
    "PriorKnowledge",
    "Rehearsed",
    "Report",
    "Running",
    "Seeded",
    "ShortTable",
    "StudyDesign",
    "TrainedFiles",
]

LARGEST_SEED = 2**31 - 1
LEARNER_LABELS = {learner.name: learner.label for learner in LEARNERS.values()}


@options()
class ChosenLearner:
    """Which learner is trained."""

    learner: str = option(
        "Learner",
        "Auto weighs the learners by held-out rows, and falls back to a naive model, openly, when nothing beats it.",
        default=AUTO,
        choices=LEARNER_LABELS,
    )


@options(section="learner_settings")
class StudyDesign:
    """What a model may rely on, and how it is judged; `DrugResponseModel` and `evaluate` take each by its name."""

    scheme: str = option(
        "What will be new when the model is used",
        "Decides which rows are held out to judge the model, and which effects the model may rely on.",
        default="new-samples",
        choices={
            "random-pairs": "Nothing: known samples with known drugs",
            "new-samples": "Samples",
            "new-drugs": "Drugs",
            "new-tissues": "Tissues",
            "new-lineages": "Lineages: whole clones or clusters of isolates",
            "new-studies": "Studies: whole screens, hospitals or laboratories",
            "new-samples-and-drugs": "Samples and drugs",
        },
        section="",
    )
    covariates: list[str] | None = option(
        "Covariates",
        "Columns of the table of samples. The usual ones are recognised by name, however it is written (age_years, "
        "Smoking Status), and columns of yes and no, such as a co-medication, unless the name is that of an outcome; "
        "the output tells which columns are used and which are not.",
        unset="Tissue, subtype, ancestry, race, ethnicity, sex, age, height, weight, BMI, smoking, stage, site, batch, "
        "plate, medium and columns of yes and no, where present",
        column_of=("samples",),
    )
    arm: str | None = option(
        "Column of the treatment arm",
        "A column of the table of samples, 2 to 6 arms in text or a dose in numbers. What genotype does in each arm "
        "is learned, and the arm is a covariate.",
        column_of=("samples",),
        belongs_to=("cohorts with treatment arms",),
    )
    lineage_column: str | None = option(
        "Column of lineages",
        "A column of the table of samples, such as clones, sequence types or clusters. Unless given, one named "
        "lineage, clone, clonal_complex, sequence_type, ST, MLST, clade or cluster; without one, lineages are made "
        "from genotype. A sample without a lineage is one of its own.",
        column_of=("samples",),
        belongs_to=("new lineages",),
    )
    reference_study: str | None = option(
        "Study on whose scale responses are predicted",
        "A name in the column of studies. Shifts between studies are estimated from the pairs of samples and drugs "
        "that several of them measured, and taken off.",
        unset="The one with most responses",
        belongs_to=("new studies",),
    )
    ancestry_components: int = option(
        "Principal components of ancestry as covariates",
        "Of the genotypes; new samples are projected on them, and flagged where they lie outside the training. What "
        "ancestry alone predicts is then no gain of genotype. 5 to 10 are usual in a cohort of patients.",
        default=0,
        limits=(0, 20),
    )
    minimum_carriers: int = option(
        "Carriers of a feature, at least",
        "Features that fewer of the training samples carry have no weight of their own and are not named in the model, "
        "so that it does not betray who carries them; those with a parent count by it. 1 leaves out none; 5 to 10 are "
        "usual where data must not tell of single persons.",
        default=1,
        limits=(1, 1000),
    )
    folds: int = option(
        "Folds held out in turn to judge the model",
        "0 trains without judging; 1 holds out a fifth once.",
        default=3,
        limits=(0, 20),
    )


@options(section="learner_settings")
class LearnerSettings:
    """What learners are set to; the constructors of those that look at a setting call it by its name."""

    rank: int = option(
        "Patterns of drug response, at most",
        "Drugs that respond alike over samples share patterns; each has a penalty of its own.",
        default=256,
        limits=(1, 1000),
    )
    epochs: int = option(
        "Epochs, at most",
        "Training takes fewer where they make a few hundred steps; 0 keeps the closed form.",
        default=60,
        limits=(0, 1000),
        belongs_to=("neural",),
    )
    trees: int = option(
        "Trees", "How many are grown.", default=400, limits=(1, 5000), belongs_to=("boosted-trees", "random-forest")
    )
    depth: int = option(
        "Depth of a tree, at most",
        "Splits from the root to a leaf.",
        default=5,
        limits=(1, 15),
        belongs_to=("boosted-trees",),
    )
    response_scale: str = option(
        "Scale on which responses are learned",
        "Of positive numbers with a long tail to the right, such as doses. Predictions, bounds and scores are as the "
        "responses are given; a prediction is a mean.",
        default="auto",
        choices={
            "auto": "Another one only where it predicts held-out rows better, beyond noise",
            "identity": "As they are",
            "sqrt": "Square root",
            "log": "Logarithm",
        },
        belongs_to=("measured numbers",),
    )
    most_fits: int = option(
        "Fits that auto may spend, at most",
        "Over all folds and the last fit on all rows. The costly learners are left out first, and the report says so. "
        "0 sets no limit.",
        default=0,
        limits=(0, 10_000),
        belongs_to=("auto",),
    )
    most_minutes: float = option(
        "Minutes after which auto begins no other learner",
        "What was left out is reported. 0 sets no limit; with a limit, another machine may give another model.",
        default=0,
        limits=(0, 10_000),
        belongs_to=("auto",),
    )


@options(section="learner_settings")
class PriorKnowledge:
    """What is known already."""

    prior: InputTable | None = option(
        "Prior: effects that are known already",
        "Feature, effect (in the unit of the response, for each allele or unit of the feature) or score (larger where "
        "the response is; its scale is learned), and optionally drug or drug_class, block and weight. Learners start "
        "from it as far as held-out rows allow, and not at all where they do not.",
        belongs_to=("measured numbers",),
    )


@options(section="learner_settings")
class ForecastSettings:
    """What is told of responses that are no plain numbers; `DrugResponseModel` takes each by its name."""

    cost_of_miss: float | None = option(
        "Cost of a miss",
        "How many false alarms are as bad as one missed event: the event is called from the probability on at which "
        "both cost the same.",
        unset="For resistance the lowest threshold with at most 3 % of the susceptible called resistant, else that "
        "with the largest sum of sensitivity and specificity",
        limits=(0.001, 1000),
        belongs_to=("yes or no",),
    )
    horizon: float | None = option(
        "Horizon",
        "Time up to which survival is told, in the unit of the times; mean times are restricted to it.",
        unset="As long as enough were watched",
        limits=(0.000001, 1_000_000),
        belongs_to=("times to an event",),
    )


@options()
class Report:
    """A page."""

    report: OutputFile | None = option("report", "A page for people to read.", formats=("html",))
    headline: OutputFile | None = option(
        "headline figure", "The verdict and the first figure of the report, as one PNG picture.", formats=("png",)
    )
    figures: Folder | None = option(
        "figures", "A folder for the figures of the report as PNG and SVG files; made when it does not exist."
    )


@options()
class ShortTable:
    """A table for people beside those for programs."""

    short: OutputTable | None = option(
        "short table",
        "A table for people: the verdict of each row first, numbers to four digits, names of drugs beside their ids.",
    )


@options()
class Predictions:
    """The table of predictions."""

    predictions: OutputTable = option("predictions", "The predicted responses, a row for each sample and drug.")


@options()
class Seeded:
    """Where chance takes part."""

    seed: int = option("Seed", "The same seed gives the same result.", default=0, limits=(0, LARGEST_SEED))


@options(section=None)
class Running:
    """How the work is run."""

    threads: int | None = option(
        "Threads",
        "The result does not depend on it. Unless given: the cores of this machine.",
        limits=(1, 1024),
        environment="GALAXY_SLOTS",
    )
    device: str = option(
        "Device",
        "Where the network is trained. Unless given: auto, a GPU where there is one.",
        default="auto",
        choices={"auto": "A GPU where there is one", "cpu": "CPU", "cuda": "GPU"},
        belongs_to=("neural",),
        environment="GALAXY_DRUGRESPONSE_DEVICE",
    )

    @property
    def n_jobs(self) -> int:
        """Units of work run at once."""
        return count_jobs(self.threads)


@options(section=None)
class Rehearsed:
    """Whether a run is only tried."""

    dry_run: bool = option(
        "Dry run",
        "Read and join the inputs, say what was understood, what would be fitted and which files be written, and write "
        "nothing.",
        default=False,
    )


@options(section=None)
class Distributed:
    """Where fits are made."""

    dask: str | None = option(
        "Dask",
        "Make fits on a Dask cluster: the address of its scheduler, such as tcp://10.0.0.5:8786, or the file into "
        "which it wrote that; or local:4, for 4 processes of this machine (local: as many as threads). The result does "
        "not depend on it. Whoever controls the scheduler runs code as you: name one that you trust. Needs "
        "drugresponse[dask].",
        environment="GALAXY_DRUGRESPONSE_DASK",
    )


@options()
class TrainedFiles:
    """The model, and its scores."""

    model: OutputFile = option("model", "The trained model, one .safetensors file.", formats=("safetensors",))
    metrics: OutputTable | None = option("metrics", "Scores on held-out rows, beside those of the naive models.")


@options()
class EvaluationTables:
    """The tables that are written."""

    metrics: OutputTable | None = option(
        "metrics", "Scores of every learner and naive model, with intervals.", unless="only_fold"
    )
    predictions: OutputTable | None = option("predictions", "The prediction of every learner for every held-out row.")
    verdicts: OutputTable | None = option(
        "verdict for each drug", "For each drug, what genotype adds to covariates, and whether that may be chance."
    )
    net_benefit: OutputTable | None = option(
        "net benefit",
        "Of yes or no with --cost-of-miss: what each learner's calls are worth at each threshold, beside calling every "
        "row and calling none.",
    )
