"""Standalone C source of a sum of trees: one table of nodes, and a loop that walks it."""

import numpy as np

from skensemble.tree.trees._scalar_trees import breadth_first

LINKS = ("identity", "log", "logit", "softmax", "one-vs-rest")
_MISSING_LEFT, _SET, _LINE = 1, 2, 4  # what a node's kind is made of
_PER_LINE = 12


def c_source(parts):
    """The bytes of the file; a ValueError names what it cannot hold.

    parts : ScalarTrees
    """
    parts.check_response("The C source", LINKS)
    known = {j: levels for j, levels in enumerate(parts.levels) if levels is not None}
    strange = [j for j, levels in known.items() if not (_is_text(levels) or _are_numbers(levels))]
    parts.refuse_columns(strange, "The C source holds categories that are all text or all numbers, but not in")
    n_predictions = parts.n_outputs if parts.classes is None else len(parts.classes)
    sizes = {"n_features": parts.n_features, "n_outputs": parts.n_outputs, "n_predictions": n_predictions}
    sections = [
        _HEAD,
        "".join(f"#define MODEL_{name.upper()} {size}\n" for name, size in sizes.items()),
        _names(parts),
        *_tables(parts, known),
        *_tables_of_lines(parts),
        _level_function(known),
        *([_LINES] if parts.has_lines else []),
        _WALK.format(value=_VALUE_OR_LINE if parts.has_lines else "value[node]"),
        _raw_function(parts, known),
        _prediction_function(parts),
    ]
    return "\n".join(sections).encode()


_HEAD = """/* A model of trees, written by skensemble.  C99, with the library of mathematics only.

   model_predict(row, prediction) makes of a row of MODEL_N_FEATURES numbers the predictions, or the probabilities of
   the labels; model_raw(row, raw) makes the raw predictions before the link.  NAN is a missing cell.  A cell of a
   column of text is model_level(column, "text"). */

#include <math.h>
#include <string.h>
"""
_WALK = """static double model_leaf(int node, const double *row)
{{
    while (child[node]) {{
        const double x = row[feature[node]];
        int left;
        if (isnan(x))
            left = kind[node] & 1;
        else if (kind[node] & 2) {{
            const long n = n_levels[feature[node]], k = (x >= 0 && x < n) ? (long)x : n;
            left = sets[(long)value[node] + k / 8] >> (k % 8) & 1;
        }} else
            left = x <= value[node];
        node = child[node] + !left;
    }}
    return {value};
}}
"""
_VALUE_OR_LINE = "kind[node] & 4 ? model_line(node, row) : value[node]"
_LINES = """/* The value of a leaf and its line, or its value alone where a cell of the line is missing or infinite. */
static double model_line(int node, const double *row)
{
    const int line = feature[node];
    double sum = 0;
    for (int i = line_start[line]; i < line_start[line + 1]; i++) {
        const double x = row[term_feature[i]];
        if (!isfinite(x)) {
            sum = 0;
            break;
        }
        sum += term_slope[i] * (x - term_mean[i]);
    }
    return fmin(fmax(value[node] + sum, -line_limit[line]), line_limit[line]);
}
"""


def _is_text(levels):
    return all(isinstance(level, str) for level in levels)


def _are_numbers(levels):
    return all(isinstance(level, (int, float)) for level in levels)


def _array(kind, name, cells, form):
    cells = list(map(form, cells)) or ["0"]
    lines = [", ".join(cells[i : i + _PER_LINE]) for i in range(0, len(cells), _PER_LINE)]
    return f"static const {kind} {name}[] = {{\n    " + ",\n    ".join(lines) + "\n};\n"


def _number(x):
    return "INFINITY" if x == np.inf else "-INFINITY" if x == -np.inf else repr(float(x))


def _text(text):
    """A literal of C in UTF-8; what is not printable is an octal escape, of three digits so that it ends there."""
    plain = set(range(32, 127)) - {ord('"'), ord("\\"), ord("?")}
    return '"' + "".join(chr(byte) if byte in plain else f"\\{byte:03o}" for byte in str(text).encode()) + '"'


def _names(parts):
    text = _array("char *const", "model_columns", parts.column_names(), _text).replace("static ", "")
    if parts.classes is None:
        return text
    return text + _array("char *const", "model_labels", parts.classes.tolist(), _text).replace("static ", "")


def _tables(parts, known):
    """The arrays of all nodes, and of the sets of levels, a bit for each level and one for unseen levels."""
    feature, child, kind, value, sets, roots, outputs = [], [], [], [], [], [], []
    n_bytes = n_lines = 0
    for tree in map(breadth_first, parts.trees):
        first, is_leaf = len(feature), tree.is_leaf
        roots.append(first)
        outputs.append(tree.output)
        kinds = np.where(tree.missing_left & ~is_leaf, _MISSING_LEFT, 0)
        values = np.where(is_leaf, tree.value, tree.threshold)
        for node, levels in tree.sets.items():
            bits = np.packbits(np.append(levels.goes_left, levels.unseen_left), bitorder="little")
            kinds[node] |= _SET
            values[node] = n_bytes
            sets += bits.tolist()
            n_bytes += len(bits)
        features, leaves = np.where(is_leaf, 0, tree.feature), list(tree.lines)
        features[leaves], kinds[leaves] = range(n_lines, n_lines + len(leaves)), _LINE
        n_lines += len(leaves)
        feature += features.tolist()
        child += np.where(is_leaf, 0, tree.left + first).tolist()
        kind += kinds.tolist()
        value += values.tolist()
    n_levels = [len(known.get(j, ())) for j in range(parts.n_features)]
    return (
        _array("int", "feature", feature, str), _array("int", "child", child, str),
        _array("unsigned char", "kind", kind, str), _array("double", "value", value, _number),
        _array("unsigned char", "sets", sets, str), _array("int", "n_levels", n_levels, str),
        _array("int", "root", roots, str), _array("int", "output", outputs, str),
        _array("double", "baseline", parts.baseline, _number),
    )  # fmt: skip


def _tables_of_lines(parts):
    """The arrays of all lines, in the order of their leaves."""
    if not parts.has_lines:
        return ()
    lines = [line for tree in map(breadth_first, parts.trees) for line in tree.lines.values()]
    start = np.cumsum([0, *(len(line.feature) for line in lines)]).tolist()
    terms = {name: np.concatenate([getattr(line, name) for line in lines]) for name in ("feature", "slope", "mean")}
    return (
        _array("int", "line_start", start, str),
        _array("double", "line_limit", [line.limit for line in lines], _number),
        _array("int", "term_feature", terms["feature"].tolist(), str),
        _array("double", "term_slope", terms["slope"].tolist(), _number),
        _array("double", "term_mean", terms["mean"].tolist(), _number),
    )


def _level_function(known):
    """The function from a text to the number of a level, and the values of levels that are numbers."""
    texts = {j: levels for j, levels in known.items() if _is_text(levels)}
    numbers = {j: levels for j, levels in known.items() if j not in texts}
    arrays = [_array("char *const", f"levels_{j}", levels, _text) for j, levels in texts.items()]
    arrays += [_array("double", f"levels_{j}", levels, _number) for j, levels in numbers.items()]
    cases = "".join(f"    case {j}: levels = levels_{j}; break;\n" for j in texts)
    return "".join(arrays) + (
        "\n/* The number of a level of a column of text; -1 of one that was not there in fit. */\n"
        "double model_level(int column, const char *text)\n{\n"
        "    const char *const *levels = 0;\n    switch (column) {\n" + cases + "    }\n"
        "    if (levels)\n"
        "        for (int k = 0; k < n_levels[column]; k++)\n"
        "            if (!strcmp(levels[k], text))\n"
        "                return k;\n"
        "    return -1;\n}\n"
    )


def _raw_function(parts, known):
    numbers = [j for j, levels in known.items() if not _is_text(levels)]
    lines = ["void model_raw(const double *row, double *raw)", "{"]
    if numbers:
        lines += ["    double cells[MODEL_N_FEATURES];", "    memcpy(cells, row, sizeof cells);"]
        for j in numbers:
            lines += [
                f"    cells[{j}] = isnan(row[{j}]) ? NAN : -1;",
                f"    for (int k = 0; k < n_levels[{j}]; k++)",
                f"        if (levels_{j}[k] == row[{j}])",
                f"            cells[{j}] = k;",
            ]
    is_sum = parts.divisor == 1.0
    lines += [
        "    for (int k = 0; k < MODEL_N_OUTPUTS; k++)",
        f"        raw[k] = {'baseline[k]' if is_sum else '0'};",
        f"    for (int t = 0; t < {len(parts.trees)}; t++)",
        f"        raw[output[t]] += model_leaf(root[t], {'cells' if numbers else 'row'});",
    ]
    if not is_sum:
        lines += [
            "    for (int k = 0; k < MODEL_N_OUTPUTS; k++)",
            f"        raw[k] = raw[k] / {_number(parts.divisor)} + baseline[k];",
        ]
    return "\n".join([*lines, "}", ""])


def _prediction_function(parts):
    every = "    for (int k = 0; k < MODEL_N_OUTPUTS; k++)"
    bodies = {
        "identity": [every, "        prediction[k] = raw[k];"],
        "log": [every, "        prediction[k] = exp(raw[k]);"],
        "logit": [every, "        prediction[k] = 1 / (1 + exp(-raw[k]));"],
        "two classes": ["    prediction[0] = 1 / (1 + exp(raw[0]));", "    prediction[1] = 1 / (1 + exp(-raw[0]));"],
        "softmax": [
            "    double largest = raw[0], sum = 0;", every, "        largest = fmax(largest, raw[k]);",
            every, "        sum += prediction[k] = exp(raw[k] - largest);", every, "        prediction[k] /= sum;",
        ],
        "one-vs-rest": [
            "    double sum = 0;", every, "        sum += prediction[k] = 1 / (1 + exp(-raw[k]));",
            every, "        prediction[k] /= sum;",
        ],
    }  # fmt: skip
    body = bodies["two classes" if parts.link == "logit" and parts.classes is not None else parts.link]
    head = ["void model_predict(const double *row, double *prediction)", "{", "    double raw[MODEL_N_OUTPUTS];"]
    return "\n".join([*head, "    model_raw(row, raw);", *body, "}", ""])
