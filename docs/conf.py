"""Sphinx settings: pages in Markdown, the reference from the docstrings."""

import skensemble

project = "skensemble"
author = "The skensemble developers"
copyright = "2026, The skensemble developers"
version = release = skensemble.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "numpydoc"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3

autosummary_generate = True
autodoc_typehints = "none"
autodoc_default_options = {
    "members": True,
    "inherited-members": True,
    "exclude-members": "set_output, set_fit_request, set_inverse_transform_request, set_predict_request, "
    "set_predict_proba_request, set_score_request, set_transform_request",
}
numpydoc_show_class_members = False  # autodoc lists them

suppress_warnings = ["ref.ref", "ref.term"]  # docstrings inherited from scikit-learn point into its guide and glossary

html_theme = "pydata_sphinx_theme"
html_title = "skensemble"
html_theme_options = {"show_toc_level": 2, "navigation_with_keys": False}
html_sidebars = {"**": []}
