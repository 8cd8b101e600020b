"""Generative models of tables: diffusion, flows, and what they are made of.

Names are imported on first use.
"""

from importlib import import_module

_MODULE_OF = {
    "ACTIVATIONS": "_activations",
    "ContinuousNormalizingFlow": "_continuous_flow",
    "DDPM": "_diffusion",
    "ScoreSDE": "_diffusion",
    "Evaluation": "_evaluation",
    "FlowMatching": "_flow_matching",
    "RectifiedFlow": "_flow_matching",
    "DensityOutlierDetector": "_outlier_detector",
    "Glow": "_normalizing_flows",
    "MaskedAutoregressiveFlow": "_normalizing_flows",
    "NICE": "_normalizing_flows",
    "NeuralSplineFlow": "_normalizing_flows",
    "RealNVP": "_normalizing_flows",
    "MLPField": "_mlp_field",
    "PATHS": "_paths",
    "SOLVERS": "_solvers",
    "TableEncoder": "_tabular",
    "TreeField": "_tree_field",
    "evaluate": "_evaluation",
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
