"""Options about what is learned, what comes out, and how the work is run."""

from __future__ import annotations

from drugresponse.learners.registry import AUTO, LEARNERS
from drugresponse.settings.parameter import Parameter

LARGEST_SEED = 2**31 - 1

LEARNER = Parameter(
    "learner",
    "choice",
    label="Learner",
    help="Auto weighs the learners by held-out rows, and falls back to a naive model, openly, when nothing beats it.",
    default=AUTO,
    choices={learner.name: learner.label for learner in LEARNERS.values()},
)
SCHEME = Parameter(
    "scheme",
    "choice",
    label="What will be new when the model is used",
    help="Decides which rows are held out to judge the model, and which effects the model may rely on.",
    default="new-samples",
    choices={
        "random-pairs": "Nothing: known samples with known drugs",
        "new-samples": "Samples",
        "new-drugs": "Drugs",
        "new-tissues": "Tissues",
        "new-samples-and-drugs": "Samples and drugs",
    },
)
COVARIATES = Parameter(
    "covariates",
    "names",
    label="Covariates",
    help="Columns of the table of samples. The usual ones are recognised by name, however it is written (age_years, "
    "Smoking Status), and columns of yes and no, such as a co-medication, unless the name is that of an outcome; the "
    "output tells which columns are used and which are not.",
    unset="Tissue, subtype, ancestry, race, ethnicity, sex, age, height, weight, BMI, smoking, stage, site, batch, "
    "plate, medium and columns of yes and no, where present",
    section="learner_settings",
    column_of=("samples",),
)
ARM = Parameter(
    "arm",
    "text",
    label="Column of the treatment arm",
    help="A column of the table of samples, 2 to 6 arms in text or a dose in numbers. What genotype does in each arm "
    "is learned, and the arm is a covariate.",
    section="learner_settings",
    column_of=("samples",),
    belongs_to=("cohorts with treatment arms",),
)
FOLDS = Parameter(
    "folds",
    "integer",
    label="Folds held out in turn to judge the model",
    help="0 trains without judging; 1 holds out a fifth once.",
    default=3,
    minimum=0,
    maximum=20,
    section="learner_settings",
)
RANK = Parameter(
    "rank",
    "integer",
    label="Patterns of drug response, at most",
    help="Drugs that respond alike over samples share patterns; each has a penalty of its own.",
    default=256,
    minimum=1,
    maximum=1000,
    section="learner_settings",
)
EPOCHS = Parameter(
    "epochs",
    "integer",
    label="Epochs, at most",
    help="Training stops earlier when held-out rows stop improving; 0 keeps the closed-form start.",
    default=60,
    minimum=0,
    maximum=1000,
    section="learner_settings",
    belongs_to=("neural",),
)
TREES = Parameter(
    "trees",
    "integer",
    label="Trees",
    help="How many are grown.",
    default=400,
    minimum=1,
    maximum=5000,
    section="learner_settings",
    belongs_to=("boosted-trees", "random-forest"),
)
DEPTH = Parameter(
    "depth",
    "integer",
    label="Depth of a tree, at most",
    help="Splits from the root to a leaf.",
    default=5,
    minimum=1,
    maximum=15,
    section="learner_settings",
    belongs_to=("boosted-trees",),
)
MOST_FITS = Parameter(
    "most_fits",
    "integer",
    label="Fits that auto may spend, at most",
    help="Over all folds and the last fit on all rows. The costly learners are left out first, and the report says so. "
    "0 sets no limit.",
    default=0,
    minimum=0,
    maximum=10_000,
    section="learner_settings",
    belongs_to=("auto",),
)
MOST_MINUTES = Parameter(
    "most_minutes",
    "number",
    label="Minutes after which auto begins no other learner",
    help="What was left out is reported. 0 sets no limit; with a limit, another machine may give another model.",
    default=0,
    minimum=0,
    maximum=10_000,
    section="learner_settings",
    belongs_to=("auto",),
)
REPEATS = Parameter(
    "repeats",
    "integer",
    label="Repeats",
    help="How often other folds are dealt and everything is fitted again.",
    default=1,
    minimum=1,
    maximum=20,
    section="held_out",
)
SHUFFLES = Parameter(
    "shuffles",
    "integer",
    label="Shuffles of the permutation check",
    help="Genotypes are shuffled between samples of a tissue, and ridge is fitted again: the gain must go away. "
    "20 or more; 0 leaves the check out.",
    default=20,
    minimum=0,
    maximum=1000,
    section="held_out",
)
FORGET_SAMPLES = Parameter(
    "forget_samples",
    "switch",
    label="Forget the training samples",
    help="Keep no trace of their ids in the model; prediction then cannot tell which samples were seen in training.",
    default=False,
    section="advanced",
)

MODEL = Parameter(
    "model",
    "output",
    label="model",
    help="The trained model, one .safetensors file.",
    required=True,
    formats=("safetensors",),
)
METRICS = Parameter(
    "metrics",
    "output",
    label="metrics",
    help="Scores on held-out rows, beside those of the naive models.",
    formats=("tabular",),
)
REPORT = Parameter("report", "output", label="report", help="A page for people to read.", formats=("html",))
PREDICTIONS = Parameter(
    "predictions",
    "output",
    label="predictions",
    help="The predicted responses, a row for each sample and drug.",
    required=True,
    formats=("tabular",),
)
NEXT_DRUGS = Parameter(
    "next_drugs",
    "output",
    label="drugs to measure next",
    help="For each sample, the drugs whose measurement would make the other predictions surer, the most telling first.",
    formats=("tabular",),
)
N_NEXT = Parameter(
    "n_next",
    "integer",
    label="Drugs to measure next, at most",
    help="How many are ranked for each sample.",
    default=5,
    minimum=1,
    maximum=1000,
    section="advanced",
)
MARKDOWN = Parameter(
    "markdown",
    "output",
    label="report in Markdown",
    help="The numbers of the report as Markdown.",
    formats=("markdown",),
)
VERDICTS = Parameter(
    "verdicts",
    "output",
    label="verdict for each drug",
    help="For each drug, what genotype adds to covariates, and whether that may be chance.",
    formats=("tabular",),
)
WRITE_SPLITS = Parameter(
    "write_splits",
    "output",
    label="splits",
    help="A table of the folds that were used, to be given again with --splits.",
    formats=("tabular",),
)
FIGURES = Parameter(
    "figures",
    "folder",
    label="Figures",
    help="A folder for the figures of the report as SVG files; made when it does not exist.",
    section=None,
)
RESUME = Parameter(
    "resume",
    "folder",
    label="Resume",
    help="A folder that keeps every finished fit; started again with the same folder, a run that was stopped goes on.",
    section=None,
)

SEED = Parameter(
    "seed",
    "integer",
    label="Seed",
    help="The same seed gives the same result.",
    default=0,
    minimum=0,
    maximum=LARGEST_SEED,
)
THREADS = Parameter(
    "threads",
    "integer",
    label="Threads",
    help="The result does not depend on it. Unless given: the cores of this machine.",
    minimum=1,
    maximum=1024,
    section=None,
    environment="GALAXY_SLOTS",
)
DEVICE = Parameter(
    "device",
    "choice",
    label="Device",
    help="Where the network is trained. Unless given: auto, a GPU where there is one.",
    choices={"auto": "A GPU where there is one", "cpu": "CPU", "cuda": "GPU"},
    section=None,
    belongs_to=("neural",),
    environment="GALAXY_DRUGRESPONSE_DEVICE",
)
CONFIG = Parameter(
    "config",
    "input",
    label="Settings file",
    help="YAML with the names of options as keys; what the command line gives wins.",
    section=None,
)
