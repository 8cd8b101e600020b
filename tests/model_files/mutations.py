"""Files with a part changed, whose checksum fits nevertheless: what is left to the checks of contents."""

import copy
import json

import numpy as np

from skensemble.model_files._safetensors import NAME_OF_DTYPE, read_safetensors, write_safetensors

VALUES = (
    None, True, -1, 0, 1, 2, 7, 10**9, -(2**40), 2**70, 0.5, -1.5, 1e300, "", "nan", "x", [], {}, [[]], {"same": 0},
)  # fmt: skip
NUMBERS = (0, 1, -1, 2, 100, 127, 2**31 - 1, -(2**31), np.nan, np.inf, -np.inf, 1e308, 1e-308)


def mutated(content, rng):
    """(bytes of a file like `content` with one part changed, what was changed)"""
    arrays, texts = read_safetensors(np.frombuffer(content, np.uint8))
    texts = {name: text for name, text in texts.items() if name != "checksum"}
    if rng.random() < 0.4:
        what = _change_json(texts, rng)
    else:
        what = _change_array(arrays, rng)
    return b"".join(bytes(part) for part in write_safetensors(arrays, texts)), what


def _change_json(texts, rng):
    name = ("params", "fitted", "fitted", "fitted")[rng.integers(4)]
    value = json.loads(texts[name])
    places = list(places_inside(value))
    holder, key = places[rng.integers(len(places))]
    before = copy.deepcopy(holder[key])
    choice = rng.integers(4)
    if choice == 0:
        del holder[key]
    elif choice == 1:
        other, other_key = places[rng.integers(len(places))]
        holder[key] = copy.deepcopy(other[other_key])
    elif choice == 2 and type(before) in (int, float):
        holder[key] = before + type(before)(rng.choice([-1, 1, 1000, -1000]))
    else:
        holder[key] = copy.deepcopy(VALUES[rng.integers(len(VALUES))])
    texts[name] = json.dumps(value)
    return f"{name}: {key} of {str(holder)[:100]}, was {str(before)[:60]}"


def places_inside(value):
    """(container, key) of every value inside."""
    keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from places_inside(value[key])


def _change_array(arrays, rng):
    name = list(arrays)[rng.integers(len(arrays))]
    array = arrays[name].copy()
    choice = rng.integers(6)
    if choice == 0:
        arrays[name] = array[: max(0, len(array) - 1 - rng.integers(2))] if array.ndim else array.reshape(1)
    elif choice == 1:
        arrays[name] = np.concatenate([array, array[:1]]) if array.size else np.zeros(3, array.dtype)
    elif choice == 2:
        dtypes = [dtype for dtype in NAME_OF_DTYPE if dtype != array.dtype]
        with np.errstate(all="ignore"):
            arrays[name] = array.astype(dtypes[rng.integers(len(dtypes))])
    elif choice == 3:
        arrays[name] = array.reshape(-1) if array.ndim > 1 else array.reshape(-1, 1)
    elif array.size:
        with np.errstate(all="ignore"):
            value = np.array(NUMBERS[rng.integers(len(NUMBERS))]).astype(array.dtype)
        array.reshape(-1)[rng.integers(array.size)] = value
        arrays[name] = array
    return f"{name}: change {choice}, {array.dtype} {array.shape}"
