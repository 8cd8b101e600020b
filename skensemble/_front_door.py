"""Every public name and the file that makes it: the one table from which all that lists public names is made.

A new estimator is a class and a line here.  From the table come the names that `skensemble` and `skensemble.generative`
offer, the estimators that the tests and the warm-up go through, and, written by `make format`, the stubs from which
editors complete names (`__init__.pyi`) and docs/reference.md.
"""

from importlib import import_module

PACKAGE = "skensemble"
GENERATIVE = "skensemble.generative"  # offers all that is made in its folder; `skensemble` offers all but its parts
PARTS = "Parts of generative models"
ESTIMATORS = {  # heading in the reference -> name -> file
    "Boosting": {
        "NewtonBoostingClassifier": "skensemble.ensemble.newton._newton_boosting",
        "NewtonBoostingRegressor": "skensemble.ensemble.newton._newton_boosting",
        "NewtonBoostingRanker": "skensemble.ensemble.newton._newton_ranker",
        "GradientBoostingClassifier": "skensemble.ensemble.gradient._gradient_boosting",
        "GradientBoostingRegressor": "skensemble.ensemble.gradient._gradient_boosting",
        "AdaBoostClassifier": "skensemble.ensemble.adaboost._adaboost",
        "AdaBoostRegressor": "skensemble.ensemble.adaboost._adaboost",
    },
    "Forests": {
        "RandomForestClassifier": "skensemble.ensemble.forest._random_forest",
        "RandomForestRegressor": "skensemble.ensemble.forest._random_forest",
        "ExtraTreesClassifier": "skensemble.ensemble.forest._random_forest",
        "ExtraTreesRegressor": "skensemble.ensemble.forest._random_forest",
    },
    "Trees": {
        "DecisionTreeClassifier": "skensemble.tree.estimators._decision_tree",
        "DecisionTreeRegressor": "skensemble.tree.estimators._decision_tree",
        "ExtraTreeClassifier": "skensemble.tree.estimators._decision_tree",
        "ExtraTreeRegressor": "skensemble.tree.estimators._decision_tree",
    },
    "Generative models": {
        "FlowMatching": "skensemble.generative.diffusion._flow_matching",
        "RectifiedFlow": "skensemble.generative.diffusion._flow_matching",
        "ScoreSDE": "skensemble.generative.diffusion._diffusion",
        "DDPM": "skensemble.generative.diffusion._diffusion",
        "NICE": "skensemble.generative.flows._normalizing_flows",
        "RealNVP": "skensemble.generative.flows._normalizing_flows",
        "Glow": "skensemble.generative.flows._normalizing_flows",
        "NeuralSplineFlow": "skensemble.generative.flows._normalizing_flows",
        "MaskedAutoregressiveFlow": "skensemble.generative.flows._normalizing_flows",
        "ContinuousNormalizingFlow": "skensemble.generative.flows._continuous_flow",
        "AutoregressiveForest": "skensemble.generative.autoregressive._autoregressive_forest",
        "DensityOutlierDetector": "skensemble.generative._outlier_detector",
    },
    PARTS: {
        "TableEncoder": "skensemble.generative.tables._tabular",
        "MLPField": "skensemble.generative.fields._mlp_field",
    },
}
OTHERS = {
    "Model files": {
        "save_model": "skensemble.model_files._model_file",
        "load_model": "skensemble.model_files._model_file",
    },
    "Serving": {"compile_predictor": "skensemble.serving._compiled_predictor"},
    "Models of other libraries": {
        "from_lightgbm": "skensemble.imported._lightgbm_text",
        "from_xgboost": "skensemble.imported._xgboost_model",
        "from_catboost": "skensemble.imported._catboost_model",
        "from_sklearn": "skensemble.imported._sklearn_model",
        "export_model": "skensemble.exported._export",
        "register_onnx_converters": "skensemble.exported._onnx_converters",
    },
    "More than one machine": {"Batches": "skensemble.distributed", "fit": "skensemble.distributed"},
    "Explanations": {"explain": "skensemble.inspection"},
    "Effects of columns": {
        "partial_dependence": "skensemble.inspection",
        "accumulated_effects": "skensemble.inspection",
        "interaction_strength": "skensemble.inspection",
    },
    "Trees to look at": {
        "trees_to_dataframe": "skensemble.inspection",
        "export_text": "skensemble.inspection",
        "plot_search": "skensemble.inspection",
        "plot_tree": "skensemble.inspection",
        "export_graphviz": "skensemble.inspection",
    },
    PARTS: {
        "TreeField": "skensemble.generative.fields._tree_field",
        "evaluate": "skensemble.generative.evaluation._evaluation",
        "Evaluation": "skensemble.generative.evaluation._evaluation",
        "ACTIVATIONS": "skensemble.generative.networks._activations",
        "PATHS": "skensemble.generative.paths._paths",
        "SOLVERS": "skensemble.generative.paths._solvers",
    },
    "Compilation in advance": {"warm_up": "skensemble._warmup"},
}
RECEIVED = {  # classes whose objects users get and do not make: names for `isinstance`, types and the reference
    "Trees": {"TreeStructure": "skensemble.tree.estimators._tree_structure"},
    PARTS: {"Boxes": "skensemble.generative.tables._boxes"},
    "Serving": {"CompiledPredictor": "skensemble.serving._compiled_predictor"},
    "Models of other libraries": {
        "ImportedClassifier": "skensemble.imported._imported_model",
        "ImportedRegressor": "skensemble.imported._imported_model",
        "ImportedRanker": "skensemble.imported._imported_model",
    },
    "Explanations": {"Explanation": "skensemble.explanation._explanation"},
    "Effects of columns": {
        "Effects": "skensemble.inspection._effects",
        "InteractionStrength": "skensemble.inspection._interaction_strength",
    },
}


def public_names(door):
    """The names that `door`, a package, offers to import all at once: {name: file}."""
    return _offered(door, (ESTIMATORS, OTHERS))


def received_names(door):
    """The names of RECEIVED that `door` knows when it is asked for one: {name: file}."""
    return _offered(door, (RECEIVED,))


def _offered(door, tables):
    names = {}
    for headings in tables:
        for heading, files in headings.items():
            if door == GENERATIVE or heading != PARTS:
                names |= {name: file for name, file in files.items() if file.startswith(door + ".")}
    return names


def open_door(package, namespace):
    """`__all__`, `__getattr__` and `__dir__` of a package whose names are imported on first use.

    namespace : dict, the package's globals
    """
    file_of = public_names(package)
    file_of_each = file_of | received_names(package)

    def get(name):
        if name not in file_of_each:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        namespace[name] = value = getattr(import_module(file_of_each[name]), name)  # the next access does not come here
        return value

    def names():
        return sorted({*file_of, *(name for name in namespace if name.startswith("__"))})

    return sorted(file_of), get, names


def estimators():
    """Every public estimator: {name: class}."""
    return {name: getattr(import_module(file), name) for files in ESTIMATORS.values() for name, file in files.items()}
