"""A statement of SQL that predicts as a sum of trees: one table of nodes, and a recursion that walks it."""

import numpy as np

LINKS = ("identity", "log", "logit", "softmax", "one-vs-rest")
_OF_NODES = (
    "tree", "node", "feature", "kind", "threshold", "left_node", "right_node", "missing_left", "output", "value",
)  # fmt: skip
_LARGEST = 1.7976931348623157e308


def sql_statement(parts):
    """The bytes of the file; a ValueError names what it cannot hold.

    parts : ScalarTrees
    """
    parts.check_response("SQL", LINKS)
    texts, numbers = _columns_of_levels(parts)
    nodes, sets = _rows(parts, texts)
    names = [_name(name) for name in parts.column_names("x{}")]
    is_number = [j for j in range(parts.n_features) if parts.levels[j] is None]
    tables = [_cells(names, {*is_number, *numbers})]
    tables.append(f"nodes({', '.join(_OF_NODES)}) AS (\n  VALUES\n{_values(nodes)}\n)")
    goes_left = ["WHEN n.kind = 0 THEN n.threshold IS NULL OR " + _cell(names, is_number) + " <= n.threshold"]
    is_missing = [f"n.kind = 0 AND {_cell(names, is_number)} IS NULL"]
    levels = []
    for kind, (word, columns) in enumerate((("text", texts), ("number", numbers)), 1):
        if sets[word]:
            tables.append(f"{word}_levels(tree, node, level, is_left) AS (\n  VALUES\n{_values(sets[word])}\n)")
            one, cell = f"{word}_level", _cell(names, columns)  # where there is none, ClickHouse has 0 and no NULL
            levels.append(
                f"\n  LEFT JOIN {word}_levels {one}\n"
                f"    ON {one}.tree = n.tree AND {one}.node = n.node AND {one}.level = {cell}"
            )
            goes_left.append(f"WHEN n.kind = {kind} THEN {one}.is_left = 1")
            is_missing.append(f"n.kind = {kind} AND {cell} IS NULL")
    goes_left = "\n        ".join(goes_left)
    tables.append(_WALK.format(is_missing=" OR ".join(is_missing), goes_left=goes_left, levels="".join(levels)))
    if parts.has_lines:
        rows = _rows_of_lines(parts)
        tables.append(f"terms(tree, node, feature, slope, mean, step_limit) AS (\n  VALUES\n{_values(rows)}\n)")
        cell = _cell(names, is_number, "t")
        tables.append(_LINES.format(of_leaf=_OF_LEAF, cell=f"CASE WHEN ABS({cell}) <= {_LARGEST!r} THEN {cell} END"))
    tables.append(_raw(parts))
    return (_HEAD + "WITH RECURSIVE\n" + ",\n".join(tables) + "\n" + _selection(parts)).encode()


_HEAD = """-- A model of trees, written by skensemble.
-- It reads the table or view input_rows: a column row_id that numbers the rows, and the columns of the model by their
-- names.  NULL is a missing cell, and so is NaN where a database has it.
"""
_WALK = """walk(row_id, tree, node) AS (
  SELECT r.row_id, n.tree, n.node FROM cells r CROSS JOIN nodes n WHERE n.node = 0
  UNION ALL
  SELECT w.row_id, w.tree,
    CASE
      WHEN CASE
        WHEN {is_missing} THEN n.missing_left = 1
        {goes_left}
      END THEN n.left_node
      ELSE n.right_node
    END
  FROM walk w
  JOIN nodes n ON n.tree = w.tree AND n.node = w.node AND n.left_node IS NOT NULL
  JOIN cells r ON r.row_id = w.row_id{levels}
)"""


_OF_LEAF = "  JOIN nodes n ON n.tree = w.tree AND n.node = w.node AND n.left_node IS NULL"
_LINES = """line_cells(row_id, tree, node, step_limit, slope, mean, x) AS (
  SELECT w.row_id, t.tree, t.node, t.step_limit, t.slope, t.mean, {cell}
  FROM walk w
  JOIN terms t ON t.tree = w.tree AND t.node = w.node
  JOIN cells r ON r.row_id = w.row_id
),
lines(row_id, tree, node, step_limit, line) AS (
  SELECT row_id, tree, node, MAX(step_limit), CASE WHEN COUNT(*) = COUNT(x) THEN SUM(slope * (x - mean)) ELSE 0.0 END
  FROM line_cells GROUP BY row_id, tree, node
),
steps(row_id, output, step) AS (
  SELECT w.row_id, n.output,
    CASE
      WHEN n.value + l.line > l.step_limit THEN l.step_limit
      WHEN n.value + l.line < -l.step_limit THEN -l.step_limit
      ELSE n.value + COALESCE(l.line, 0.0)
    END
  FROM walk w
{of_leaf}
  LEFT JOIN lines l ON l.row_id = w.row_id AND l.tree = w.tree AND l.node = w.node
)"""


def _columns_of_levels(parts):
    """Columns that are split by levels of text, and by levels of numbers."""
    split = parts.columns_of_levels()
    texts = [j for j in split if all(isinstance(x, str) for x in parts.levels[j])]
    numbers = [j for j in split if all(isinstance(x, (int, float)) for x in parts.levels[j])]
    strange = sorted(set(split) - {*texts, *numbers})
    parts.refuse_columns(strange, "SQL holds categories that are all text or all numbers, but not in")
    return texts, numbers


def _rows(parts, texts):
    """(rows of the table of nodes, {"text" or "number": rows of the table of the levels that go left}).

    Levels that are not listed go right, so that a set in which unseen ones go left is exchanged.
    """
    nodes, sets = [], {"text": [], "number": []}
    for t, tree in enumerate(parts.trees):
        tree = tree.exchanged([node for node, levels in tree.sets.items() if levels.unseen_left])
        for node in range(len(tree.left)):
            j = int(tree.feature[node])
            if tree.left[node] < 0:
                nodes.append((t, node, None, None, None, None, None, None, tree.output, float(tree.value[node])))
                continue
            kind = 0 if node not in tree.sets else 1 if j in texts else 2
            threshold = None if kind or tree.threshold[node] == np.inf else max(float(tree.threshold[node]), -_LARGEST)
            children = int(tree.left[node]), int(tree.right[node])
            nodes.append((t, node, j, kind, threshold, *children, int(tree.missing_left[node]), None, None))
            if kind:
                levels = [level for level, left in zip(parts.levels[j], tree.sets[node].goes_left) if left]
                sets["text" if kind == 1 else "number"] += [(t, node, level, 1) for level in levels]
    return nodes, sets


def _cells(names, numbers):
    """The rows as the nodes read them: numbers in float64, NULL for NaN.

    A database compares columns of several types in the narrowest one that all convert to, which may be float32; and to
    many, NaN is equal to itself and larger than infinity, by whose reciprocal it is known.  DuckDB believes statistics
    of Parquet files, which leave NaN out, and finds no cell above their maximum, unless NULLIF comes between.
    """
    columns = ["row_id"]
    for j, name in enumerate(names):
        if j in numbers:
            number = f"CAST({name} AS DOUBLE PRECISION)"
            is_finite, is_infinite = f"NULLIF({number}, {-_LARGEST!r}) <= {_LARGEST!r}", f"1.0 / {number} = 0"
            name = f"CASE WHEN {is_finite} THEN {number} WHEN {is_infinite} THEN {number} END AS {name}"
        columns.append(name)
    return "cells AS (\n  SELECT\n    " + ",\n    ".join(columns) + "\n  FROM input_rows\n)"


def _values(rows):
    return ",\n".join("  (" + ", ".join(map(_literal, row)) + ")" for row in rows)


def _literal(cell):
    if cell is None:
        return "NULL"
    if isinstance(cell, str):
        return "'" + cell.replace("'", "''") + "'"
    if isinstance(cell, (bool, int)):
        return repr(cell + 0)
    number = repr(float(cell))
    return number if "e" in number else number + "e0"  # without an exponent it would be a decimal number


def _name(name):
    return '"' + name.replace('"', '""') + '"'


def _rows_of_lines(parts):
    return [
        (t, leaf, j, slope, mean, None if line.limit == np.inf else line.limit)
        for t, tree in enumerate(parts.trees)
        for leaf, line in tree.lines.items()
        for j, slope, mean in zip(line.feature.tolist(), line.slope.tolist(), line.mean.tolist())
    ]


def _cell(names, columns, table="n"):
    """The cell of a row in the column that a node or a term asks about."""
    cases = " ".join(f"WHEN {j} THEN r.{names[j]}" for j in columns)
    return f"CASE {table}.feature {cases} END" if columns else "NULL"


def _raw(parts):
    value, one, source = "value", "w", "walk w\n" + _OF_LEAF
    if parts.has_lines:
        value, one, source = "step", "n", "steps n"
    columns = [
        f"SUM(CASE WHEN n.output = {k} THEN n.{value} ELSE 0.0 END) / {parts.divisor!r} + {float(start)!r} AS raw_{k}"
        for k, start in enumerate(parts.baseline)
    ]
    return (
        f"raw AS (\n  SELECT {one}.row_id,\n    " + ",\n    ".join(columns) + f"\n  FROM {source}\n"
        f"  GROUP BY {one}.row_id\n)"
    )


def _selection(parts):
    raw = [f"raw_{k}" for k in range(parts.n_outputs)]
    odds = [f"1.0 / (1.0 + EXP(-{column}))" for column in raw]
    responses = {
        "identity": raw,
        "log": [f"EXP({column})" for column in raw],
        "logit": odds if parts.classes is None else ["1.0 / (1.0 + EXP(raw_0))", *odds],
        "softmax": ["1.0 / (" + " + ".join(f"EXP({other} - {column})" for other in raw) + ")" for column in raw],
        "one-vs-rest": [f"({one}) / ({' + '.join(odds)})" for one in odds],
    }[parts.link]
    if parts.classes is not None:
        names = [f"probability_{label}" for label in parts.classes.tolist()]
    else:
        names = ["prediction"] if len(responses) == 1 else [f"prediction_{k + 1}" for k in range(len(responses))]
    columns = [f"  {response} AS {_name(name)}" for response, name in zip(responses, names)]
    return "SELECT row_id,\n" + ",\n".join(columns) + "\nFROM raw ORDER BY row_id;\n"
