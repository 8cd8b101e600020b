"""Generative models of tables: diffusion, flows, and what they are made of.

Names are imported on first use.
"""

from importlib import import_module

_MODULE_OF = {
    "ACTIVATIONS": "networks._activations",
    "ContinuousNormalizingFlow": "flows._continuous_flow",
    "DDPM": "diffusion._diffusion",
    "ScoreSDE": "diffusion._diffusion",
    "Evaluation": "evaluation._evaluation",
    "FlowMatching": "diffusion._flow_matching",
    "RectifiedFlow": "diffusion._flow_matching",
    "DensityOutlierDetector": "_outlier_detector",
    "Glow": "flows._normalizing_flows",
    "MaskedAutoregressiveFlow": "flows._normalizing_flows",
    "NICE": "flows._normalizing_flows",
    "NeuralSplineFlow": "flows._normalizing_flows",
    "RealNVP": "flows._normalizing_flows",
    "MLPField": "fields._mlp_field",
    "PATHS": "paths._paths",
    "SOLVERS": "paths._solvers",
    "TableEncoder": "tables._tabular",
    "TreeField": "fields._tree_field",
    "evaluate": "evaluation._evaluation",
}

__all__ = sorted(_MODULE_OF)


def __getattr__(name):
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
