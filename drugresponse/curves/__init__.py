"""Doses and viability -> fitted curves, and what is read off them."""

from drugresponse.curves.fits import CurveFits, fit_curves
from drugresponse.curves.hill import HillCurves
from drugresponse.curves.least_squares import fit_hill
from drugresponse.curves.measures import (
    MEASURES,
    convert_responses,
    refuse_misnamed_measure,
    refuse_mixed_measures,
    responses_from_fits,
)
from drugresponse.curves.plausible import refuse_misread_responses

__all__ = [
    "MEASURES",
    "CurveFits",
    "HillCurves",
    "convert_responses",
    "fit_curves",
    "fit_hill",
    "refuse_misnamed_measure",
    "refuse_misread_responses",
    "refuse_mixed_measures",
    "responses_from_fits",
]
