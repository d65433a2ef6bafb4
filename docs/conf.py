"""How Sphinx makes a site of these pages and of the docstrings: `make docs`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from drugresponse import __version__

sys.path.insert(0, str(Path(__file__).parent))
# kernels of notebooks inherit it: two that take all cores wait for each other
os.environ.setdefault("OMP_NUM_THREADS", "1")

project = "drugresponse"
author = copyright = "The drugresponse authors"
version = release = __version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "numpydoc", "pages_of_the_repository"]

# of the Galaxy Training Network, which makes the page itself
exclude_patterns = ["tutorial/faqs/index.md"]

html_theme = "pydata_sphinx_theme"
html_title = f"drugresponse {__version__}"
html_copy_source = html_show_sourcelink = False
html_theme_options = {"show_nav_level": 2, "footer_start": ["copyright"], "footer_end": []}

# links go to headings as a code host names them
myst_heading_anchors = 4

# always: a cache knows changes of the page, not of the package
nb_execution_mode = "force"
nb_execution_timeout = 600
nb_execution_raise_on_error = True
nb_merge_streams = True

# what stands between single backticks in docstrings: a link where it is a public name
default_role = "py:obj"

# a page for each public name, with all its members
autosummary_generate = True
templates_path = ["_templates"]
autodoc_typehints = "signature"
autodoc_type_aliases = {
    name: f"drugresponse.{name}" for name in ("AnySource", "GenotypesLike", "ResponsesLike", "State")
}
python_maximum_signature_line_length = 100
# scikit-learn's own, which link to its pages
methods = ("fit", "predict", "predict_proba", "score", "transform")
autodoc_default_options = {"exclude-members": ", ".join(f"set_{method}_request" for method in methods)}
# each has a docstring with a summary, and no parameter that is not there
numpydoc_validation_checks = {"GL08", "SS01", "PR02", "PR10"}
numpydoc_validation_exclude = {r"\.LEARNERS$", r"Like$", r"\.AnySource$"}  # data
numpydoc_class_members_toctree = False
numpydoc_show_inherited_class_members = False
