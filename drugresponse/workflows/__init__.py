"""The tasks of a user: paths in, paths out, and a few lines that say what happened."""

from drugresponse.workflows.adapting import adapt
from drugresponse.workflows.curves import curves
from drugresponse.workflows.describing import describe
from drugresponse.workflows.evaluating import evaluate
from drugresponse.workflows.explaining import explain
from drugresponse.workflows.predicting import predict
from drugresponse.workflows.preparing import prepare
from drugresponse.workflows.reproducing import reproduce
from drugresponse.workflows.simulating import simulate
from drugresponse.workflows.training import train

__all__ = [
    "adapt",
    "curves",
    "describe",
    "evaluate",
    "explain",
    "predict",
    "prepare",
    "reproduce",
    "simulate",
    "train",
]
