"""Every path is offered by a model, and documented there."""

import inspect

import pytest

from skensemble.generative import DDPM, FlowMatching, ScoreSDE
from skensemble.generative.diffusion._diffusion import ddpm_schedules, sde_paths
from skensemble.generative.diffusion._flow_matching import flow_paths
from skensemble.generative.paths._paths import PATHS

OFFERS = [
    *((DDPM, {"schedule": schedule}, path.name) for schedule, path in ddpm_schedules().items()),
    *((ScoreSDE, {"sde": name}, name) for name in sde_paths()),
    *((FlowMatching, {"path": name}, name) for name in flow_paths()),
]


@pytest.mark.parametrize(("model", "options", "name"), OFFERS)
def test_what_is_offered_is_made_and_documented(model, options, name):
    assert type(model(**options)._make_path()) is PATHS[name]
    [(parameter, value)] = options.items()
    line = next(line for line in inspect.getdoc(model).splitlines() if line.startswith(f"{parameter} : "))
    assert f'"{value}"' in line


def test_every_path_is_offered():
    assert {name for _, _, name in OFFERS} == set(PATHS)
