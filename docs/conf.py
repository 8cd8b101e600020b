"""Sphinx settings: pages in Markdown, a page for each class from its docstring, a gallery made by running the examples.

The build needs no network: formulas become MathML, pictures and scripts come from installed packages.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))

import skensemble

project = "skensemble"
author = "The skensemble developers"
copyright = "2026, The skensemble developers"
version = release = skensemble.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "benchmark_pictures",
    "mathml",
    "parameter_groups",
]
exclude_patterns = ["_build", "_extensions", "_templates", "**sg_execution_times.rst"]
templates_path = ["_templates"]
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3

toc_object_entries_show_parents = "hide"
autodoc_typehints = "none"
autosummary_context = {
    "hidden_methods": [
        "set_output",
        "set_fit_request",
        "set_inverse_transform_request",
        "set_partial_fit_request",
        "set_predict_request",
        "set_predict_proba_request",
        "set_score_request",
        "set_transform_request",
        "get_metadata_routing",
    ]
}
numpydoc_show_class_members = False  # the template of a class lists them

# Docstrings inherited from scikit-learn point into its guide and its glossary.
suppress_warnings = ["ref.ref", "ref.term"]

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "backreferences_dir": "gallery/used_by",
    "doc_module": ("skensemble",),
    "filename_pattern": r"/plot_",
    "parallel": 2,  # examples at a time
    "ignore_pattern": r"__init__\.py",
    "within_subsection_order": "FileNameSortKey",
    "download_all_examples": False,
    "remove_config_comments": True,
    "show_memory": False,
    "show_signature": False,
    "min_reported_time": 1e9,
    "write_computation_times": False,
    "abort_on_example_error": True,
    "inspect_global_variables": False,
}

html_theme = "pydata_sphinx_theme"
html_title = "skensemble"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_theme_options = {"show_toc_level": 2, "navigation_with_keys": False, "header_links_before_dropdown": 6}
