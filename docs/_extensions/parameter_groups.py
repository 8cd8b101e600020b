"""What parameters are about: the groups in which the page of a class lists them.

`GROUPS` names every parameter of every public estimator once; tests/test_docs.py holds it to that.
"""

import inspect
import re

from docutils import nodes
from docutils.statemachine import StringList
from numpydoc.docscrape import FunctionDoc
from sphinx.util.docutils import SphinxDirective

GROUPS = {
    "What is fitted": """
        loss criterion algorithm booster quantile alpha huber_slope tweedie_variance_power scale_pos_weight
        class_weight lambdarank_norm lambdarank_truncation_level multi_strategy init base_score estimator
        regressor path schedule sde n_timesteps training kinetic base condition_columns conditional order encoder
        contamination pairing n_reflow label_drop mask_share""",
    "Rounds and steps": """
        n_estimators learning_rate num_parallel_tree max_epochs batch_size max_steps n_steps
        learning_rate_schedule weight_decay clip_norm averaging check_interval""",
    "Size and shape of the trees": """
        max_depth max_leaf_nodes grow_policy splitter linear_leaves linear_lambda min_samples_leaf
        min_samples_split min_weight_fraction_leaf min_child_weight min_impurity_decrease ccp_alpha
        monotonic_cst interaction_cst max_bins""",
    "Layers of the network": """
        hidden_layer_sizes activation n_layers layer_norm residual n_frequencies""",
    "Regularisation": """
        reg_lambda reg_alpha gamma max_delta_step""",
    "Sampling of rows and columns": """
        subsample sampling_method bootstrap max_samples max_features colsample_bytree colsample_bylevel
        colsample_bynode random_strength resample weight_trimming oob_score keep_leaf_rows""",
    'Dropouts (`booster="dart"`)': """
        rate_drop one_drop skip_drop sample_type normalize_type""",
    'Linear models (`booster="gblinear"`)': """
        feature_selector top_k""",
    "Columns and categories": """
        categorical_features max_cat_threshold max_cat_to_onehot min_frequency categorical numeric bounded
        handle_unknown""",
    "When to stop": """
        early_stopping validation_fraction n_iter_no_change tol scoring cv""",
    "The run": """
        random_state n_jobs verbose warm_start importance_type""",
}


def group_of():
    """{parameter: heading of its group}"""
    return {name: heading for heading, names in GROUPS.items() for name in names.split()}


def first_sentence(paragraph):
    """Of the description of a parameter, without citations."""
    text = re.sub(r" ?\[\d\]_", "", " ".join(paragraph))
    return text.split(". ")[0].rstrip(".") + "." if text else ""


class ParameterGroups(SphinxDirective):
    """`.. parameter-groups:: skensemble.ClassName`: a table of its parameters, group by group, with their defaults."""

    required_arguments = 1

    def run(self):
        module, _, name = self.arguments[0].rpartition(".")
        cls = getattr(__import__(module, fromlist=[name]), name)
        if not hasattr(cls, "get_params"):
            return []  # what it is made of is no choice of the user's
        container = nodes.container(classes=["parameter-groups"])
        self.state.nested_parse(StringList(list(_lines(cls))), self.content_offset, container)
        return [container]


def _lines(cls):
    described = {p.name: first_sentence(p.desc) for p in FunctionDoc(cls)["Parameters"]}
    defaults = {name: p.default for name, p in inspect.signature(cls).parameters.items()}
    groups = group_of()
    yield from [".. rubric:: Parameters by what they are about", ""]
    for heading in GROUPS:
        names = [name for name in defaults if groups.get(name, "The run") == heading]
        if not names:
            continue
        yield from ["", f".. list-table:: {heading.replace('`', '``')}", "   :widths: 22 14 64", ""]
        for name in names:
            yield f"   * - ``{name}``"
            yield f"     - ``{defaults[name]!r}``"
            yield f"     - {described.get(name, '')}"
    yield ""


def setup(app):
    app.add_directive("parameter-groups", ParameterGroups)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
