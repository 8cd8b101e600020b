"""Models of other libraries with a part changed: as text, as JSON, or as bytes.

`python -m tests.imported.mutations N [SEED]` changes each golden file N times, imports, predicts and explains it, and
prints what was neither refused by a ValueError nor a model that answers.
"""

import copy
import json
import re
import resource
import signal
import sys
import traceback
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

from tests.model_files.mutations import places_inside

GOLDEN = Path(__file__).parent / "golden"
FILES = sorted(
    path.name for path in GOLDEN.iterdir() if "predictions" not in path.name and path.name != "lightgbm_linear.json"
)
WORDS = (
    "0", "1", "-1", "2", "7", "-0.0", "nan", "inf", "-inf", "1e308", "1e-320", "2147483647", "-2147483648",
    "4294967296", "9223372036854775807", "99999999999999999999", "x", "", "1_0", "0x10", "true", "[]", "{}", '"',
)  # fmt: skip
VALUES = (
    None, True, -1, 0, 1, 2, 7, 10**9, 2**31 - 1, 2**63, -(2**40), 10**30, 0.5, -1.5, 1e300, float("nan"), float("inf"),
    "", "nan", "1e400", "x", [], {}, [[]], [0], {"a": 0}, [1, 2, 3], "0", "[]",
)  # fmt: skip
MARKERS = b'ZTFiUIlLdDCSH[{$#]}"'
MOST_SECONDS, MOST_BYTES = 20, 3 << 30


def mutated(data, is_text, rng):
    """(changed bytes, how) of the bytes of a file.  is_text : whether words are worth changing"""
    way = rng.integers(6)
    if way == 0 and data.lstrip()[:1] == b"{" and is_text:
        return _changed_json(data, rng)
    if way <= 2 and is_text:
        return _changed_word(data, rng)
    return _changed_bytes(data, rng)


def _changed_bytes(data, rng):
    changed, way = bytearray(data), rng.integers(6)
    start, stop = np.sort(rng.integers(len(data), size=2)).tolist()
    stop = min(stop, start + int(rng.integers(1, 200)))
    if way == 0:
        changed[start] ^= 1 << int(rng.integers(8))
    elif way == 1:
        del changed[start:stop]
    elif way == 2:
        changed[start:start] = changed[start:stop]
    elif way == 3:
        place = int(rng.integers(len(data)))
        changed[place : place + stop - start] = changed[start:stop]
    elif way == 4:
        changed[start] = MARKERS[rng.integers(len(MARKERS))]
    else:
        for place in rng.integers(len(data), size=4):
            changed[place] = int(rng.integers(256))
    return bytes(changed), f"bytes {way} at {start}"


def _changed_word(data, rng):
    text = data.decode("utf-8", "replace")
    words = list(re.finditer(r"[-+.\w]+", text))
    word, new = words[rng.integers(len(words))], WORDS[rng.integers(len(WORDS))]
    if rng.random() < 0.4:
        new = words[rng.integers(len(words))].group()
    changed = text[: word.start()] + new + text[word.end() :]
    return changed.encode(), f"word {word.group()[:30]!r} at {word.start()} to {new[:30]!r}"


def _changed_json(data, rng):
    document = json.loads(data)
    places = list(places_inside(document))
    holder, key = places[rng.integers(len(places))]
    way = rng.integers(5)
    if way == 0:
        del holder[key]
    elif way == 1:
        other, other_key = places[rng.integers(len(places))]
        holder[key] = copy.deepcopy(other[other_key])
    elif way == 2 and isinstance(holder[key], (int, float)):
        holder[key] += int(rng.choice([-1, 1, 1000, -1000]))
    elif way == 3 and isinstance(holder[key], list):
        holder[key] = holder[key][:-1] if rng.random() < 0.5 else holder[key] * 2
    else:
        holder[key] = copy.deepcopy(VALUES[rng.integers(len(VALUES))])
    return json.dumps(document).encode(), f"json {way} of {key!r}"


def outcome(name, data):
    """ "refused", or "a model" that predicts and explains; other errors are not caught."""
    from skensemble import from_catboost, from_lightgbm, from_xgboost
    from skensemble.inspection import explain

    text = data.decode("utf-8", "replace")
    try:
        if name.startswith("lightgbm"):
            model = from_lightgbm(text + "\n")
        elif name.startswith("xgboost"):
            model = from_xgboost(data)
        else:
            model = from_catboost(text)
    except ValueError as error:
        if not str(error).startswith("model must be"):
            raise
        return "refused"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for categories in ({}, {2: list("wxyz")}, {2: list("wxyz"), 3: [3, 4, 5, 6]}):
            rows = table(model, categories)
            try:
                for X in (rows, rows[:1]):
                    model.predict(X)
                explain(model, rows, background=None if model._additive.slopes is None else rows)
            except ValueError:
                continue
            return "a model"
    return "a model that refuses rows"


def table(model, categories):
    """Rows of numbers and of categories for a model of any columns.  categories : {column: its levels}"""
    names, n_features = getattr(model, "feature_names_in_", None), model.n_features_in_
    rng, columns = np.random.default_rng(0), {}
    for j in range(min(n_features, 1000)):
        column = rng.normal(size=8) * 3
        column[:3] = np.nan, np.inf, -np.inf
        levels = categories.get(j)
        columns[j] = column if levels is None else pd.Categorical([None, *levels, *levels[:3]], levels)
    frame = pd.DataFrame(columns)
    if names is not None and len(names) == frame.shape[1]:
        frame.columns = names
    return frame


def main(n_changes, seed=0):
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES + (8 << 30), MOST_BYTES + (8 << 30)))
    counts, n_wrong = Counter(), 0
    for name in FILES:
        data = (GOLDEN / name).read_bytes()
        rng = np.random.default_rng([seed, len(data)])
        for number in range(n_changes):
            changed, how = mutated(data, not name.endswith(".ubj"), rng)
            signal.alarm(MOST_SECONDS)
            try:
                counts[outcome(name, changed)] += 1
            except BaseException as error:
                n_wrong += 1
                where = traceback.extract_tb(error.__traceback__)[-1]
                print(f"{name} {number}: {how}: {type(error).__name__}: {str(error)[:150]} in {where.name}", flush=True)
            signal.alarm(0)
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"{sum(counts.values()) + n_wrong} files: {dict(counts)}, {n_wrong} wrong; {used} MB at most")


def _stop(*_):
    raise TimeoutError(f"more than {MOST_SECONDS} seconds")


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, _stop)
    main(*map(int, sys.argv[1:]))
