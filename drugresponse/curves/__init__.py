"""Doses and viability -> fitted curves, and what is read off them."""

from drugresponse.curves.fits import CurveFits, fit_curves
from drugresponse.curves.hill import HillCurves
from drugresponse.curves.least_squares import fit_hill
from drugresponse.curves.measures import convert_responses, responses_from_fits

__all__ = ["CurveFits", "HillCurves", "convert_responses", "fit_curves", "fit_hill", "responses_from_fits"]
