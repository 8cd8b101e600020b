"""Splits of CatBoost: borders of numbers, and sets of categories, by one of them or by statistics of the target.

CatBoost knows a category by a hash of its text, and holds the statistics of each in a table by another hash. The
text is in a file that was saved with a pool of the rows.  A statistic of one column says nothing about a row but its
category, so that a border of it splits the categories into two sets.
"""

from functools import cached_property

import numpy as np

from skensemble.imported._foreign_columns import ForeignCategories

UNLISTED = 1  # code of a category that CatBoost does not know
_NO_ENTRY, _WORD = (1 << 64) - 1, 1 << 64  # in tables of statistics; of hashes
_MULTIPLIER = 0x4906BA494954CB65


class Splits:
    """What the splits of a document ask.

    features : dict, `features_info` of the document
    tables : dict, its `ctr_data`
    """

    def __init__(self, features, tables):
        self._features, self._tables = features, tables
        self._floats = features.get("float_features", ())
        self._categorical = features.get("categorical_features", ())
        self.column_of_float = _columns(self._floats)
        self.column_of_category = _columns(self._categorical)
        self.n_columns = len(self.column_of_float) + len(self.column_of_category)
        known = [*self.column_of_float.values(), *self.column_of_category.values()]
        if not known or sorted(known) != list(range(self.n_columns)):
            raise ValueError("float_features and categorical_features must be all columns")
        self._text_of = {whole(x["hash"], 1 << 32): str(x["value"]) for x in features.get("cat_features_hash", ())}
        self._answers, self._known_counts = {}, {}
        self._listed = {column: set() for column in self.column_of_category.values()}  # hashes that splits tell apart

    def names(self):
        """Names of the columns, "" where there is none."""
        names = [""] * self.n_columns
        for entries, column_of in ((self._floats, self.column_of_float), (self._categorical, self.column_of_category)):
            for entry in entries:
                names[column_of[entry["feature_index"]]] = str(entry.get("feature_id", ""))
        return names

    def read(self, split):
        """(column, border) of a split of numbers, or (column, (hashes that go right, whether other ones do))."""
        kind = split["split_type"]
        if kind == "FloatFeature":
            return self.column_of_float[split["float_feature_index"]], number(split["border"])
        if kind == "OneHotFeature":
            column = self.column_of_category[split["cat_feature_index"]]
            known = split["value"] % (1 << 32)
            if known not in self._text_of:
                raise ValueError(_NO_NAMES)
            self._listed[column].add(known)
            return column, (frozenset([known]), False)
        if kind != "OnlineCtr":
            raise ValueError(f"splits of the type {str(kind)[:40]!r} cannot be read")
        place = whole(split["split_index"])
        statistic, border = self._statistics[place]
        if border != number(split["border"]):
            raise ValueError("split_index must be the number of a border among those of all features")
        if place not in self._answers:
            self._answers[place] = self._split_by_statistic(statistic, border)
        return self._answers[place]

    @cached_property
    def _statistics(self):
        """{number of a border of a statistic, which come after those of numbers and single categories: of both}"""
        before = sum(len(entry["borders"]) for entry in self._floats)
        before += sum(len(entry.get("values", ())) for entry in self._categorical)
        borders = [(statistic, number(x)) for statistic in self._features.get("ctrs", ()) for x in statistic["borders"]]
        return dict(enumerate(borders, before))

    def _split_by_statistic(self, statistic, border):
        elements = statistic["elements"]
        if len(elements) != 1 or elements[0].get("combination_element") != "cat_feature_value":
            raise ValueError("combinations of columns cannot be read: train with max_ctr_complexity=1")
        table = self._tables[statistic["identifier"]]
        counts = self._counts(statistic["identifier"], table)
        values = statistic_values(statistic, np.array([*counts.values(), np.zeros(table["hash_stride"] - 1)]), table)
        goes_right = values > np.float32(border)
        chosen = [known for known, is_right in zip(counts, goes_right) if is_right]
        column = self.column_of_category[elements[0]["cat_feature_index"]]
        self._listed[column] |= counts.keys()
        return column, (frozenset(chosen), bool(goes_right[-1]))

    def _counts(self, name, table):
        """{hash of a category: what a table holds of it}"""
        if name not in self._known_counts:
            stride, entries = whole(table["hash_stride"]), table["hash_map"]
            if not 2 <= stride <= 1 << 16 or len(entries) % stride:
                raise ValueError("hash_map must hold hash_stride entries for each category")
            rows = {int(entries[i]): entries[i + 1 : i + stride] for i in range(0, len(entries), stride)}
            rows.pop(_NO_ENTRY, None)
            known = {text: key for text, key in self._keys.items() if key in rows}
            if len(known) < len(rows):
                raise ValueError(_NO_NAMES)
            self._known_counts[name] = {text: [number(x) for x in rows[key]] for text, key in known.items()}
        return self._known_counts[name]

    @cached_property
    def _keys(self):
        """{hash of a category: its hash in tables}"""
        return {known: _hash_of_pair(0, known - (known >> 31 << 32)) for known in self._text_of}

    def categories(self):
        """{column: ForeignCategories} of the splits that were read."""
        return {column: self._column(sorted(hashes)) for column, hashes in self._listed.items()}

    def _column(self, hashes):
        names = [self._text_of[known] for known in hashes]
        return ForeignCategories(np.arange(len(names)), UNLISTED + 1, float(UNLISTED), names, by_value=True)

    def left_set(self, categories, asked):
        """Bool array by code of a column of categories: whether it goes left.  asked : of `read`"""
        texts, others_go_right = {self._text_of[known] for known in asked[0]}, asked[1]
        goes_right = np.array([name in texts for name in categories.names], bool)
        return categories.left_set(~goes_right, not others_go_right, not others_go_right)


_NO_NAMES = (
    "it does not hold the text of all categories: give `pool`, or save it with the pool of the training rows, "
    'save_model(path, format="json", pool=pool)'
)


def _columns(entries):
    """{number of a feature among those of its kind: its column}"""
    return {whole(entry["feature_index"]): whole(entry["flat_feature_index"]) for entry in entries}


def _hash_of_pair(a, b):
    return _MULTIPLIER * (a + _MULTIPLIER * b) % _WORD


def statistic_values(statistic, counts, table):
    """The statistic of each row of a table, in the float32 arithmetic of CatBoost."""
    kind, border = statistic["ctr_type"], whole(statistic["target_border_idx"])
    counts = counts.astype(np.float32)
    if kind in ("Borders", "Buckets"):
        if border >= counts.shape[1]:
            raise ValueError("target_border_idx must be one of the classes of hash_map")
        total = counts.sum(axis=1)
        chosen = counts[:, border + 1 :].sum(axis=1) if kind == "Borders" else counts[:, border]
    elif kind in ("BinarizedTargetMeanValue", "FloatTargetMeanValue"):
        chosen, total = counts[:, 0], counts[:, 1]
    elif kind in ("Counter", "FeatureFreq"):
        chosen, total = counts[:, 0], np.float32(number(table["counter_denominator"]))
    else:
        raise ValueError(f"statistics of the type {str(kind)[:40]!r} cannot be read")
    names = ("prior_numerator", "prior_denomerator", "shift", "scale")
    prior, weight, shift, scale = (np.float32(number(statistic[name])) for name in names)
    with np.errstate(all="ignore"):
        return ((chosen + prior) / (total + weight) + shift) * scale


def whole(value, most=1 << 31):
    if type(value) is not int or not 0 <= value < most:
        raise ValueError(f"there must be whole numbers below {most}, got {str(value)[:40]}")
    return value


def number(value):
    if type(value) not in (int, float) or not np.isfinite(value):
        raise ValueError(f"there must be numbers, got {str(value)[:40]}")
    return float(value)
