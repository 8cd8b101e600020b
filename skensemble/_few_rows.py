"""A few rows of a frame of pandas, read from the blocks in which it holds them: the way of predictions one by one."""

import numpy as np
import pandas as pd

from skensemble._tables import CategoryColumn, FrameTable

FEW_ROWS = 4  # of a frame to predict
MANY_BLOCKS = 6  # of a frame: to write them together is faster than one after the other
MOST_KEPT_LEVELS, MOST_KEPT_INDEXES = 1000, 64  # of columns of categories whose levels are kept as lists
_levels_of_index = {}  # id: (Index, its levels)


def table_of_few_rows(X, shape):
    """FewRowsTable of the blocks in which pandas holds X, if it tells: making a Series of each column takes longer."""
    numbers, categories, n_known = [], {}, 0
    for part in getattr(getattr(X, "_mgr", None), "blocks", ()):
        values, places = part.values, part.mgr_locs.indexer
        if type(values) is np.ndarray and values.dtype.kind in "fiub":
            numbers.append((places, values))
            n_known += len(values)
            continue
        columns = _columns_of_categories(values)
        if columns is None:
            return None
        categories.update(zip(_listed(places), columns))
        n_known += len(columns)
    return FewRowsTable(_joined(numbers, shape), categories, X.columns) if n_known == shape[1] else None


class FewRowsTable(FrameTable):
    """A few rows of a frame of pandas.

    block : (n_features, n_samples) float64, the numbers
    categories : {place: list of text and of None, or pandas' Categorical}
    """

    def __init__(self, block, categories, labels):
        super().__init__(block, block.shape[1], labels)
        self._categories, self._known = categories, {}

    def column(self, j):
        return self.category_column(j) if j in self._categories else self._columns[j]

    def fill(self, block, start, stop):
        block[...] = self._columns[:, start:stop]

    def category_column(self, j):
        if j in self._categories and j not in self._known:
            self._known[j] = _few_categories(self._categories[j])
        return self._known.get(j)

    def places_of_categories(self):
        return self._categories

    def rows(self):
        """(n_samples, n_features) a copy of the numbers."""
        return np.array(self._columns.T, order="C")

    def texts(self):
        """{place: list of text and of None} of the columns of categories; None if some are no text."""
        texts = {place: _few_texts(cells) for place, cells in self._categories.items()}
        return None if None in texts.values() else texts


def _joined(numbers, shape):
    """(n_features, n_samples) float64 of pairs (places, rows of these features); others may be anything."""
    if shape[0] == 1 and len(numbers) >= MANY_BLOCKS:
        return _joined_row(numbers, shape[1])
    block = np.empty(shape[::-1])
    if len(numbers) < MANY_BLOCKS:
        for places, values in numbers:
            block[places] = values
        return block
    listed = [place for places, _ in numbers for place in _listed(places)]
    block[listed] = np.concatenate([values for _, values in numbers], dtype=np.float64, casting="unsafe")
    return block


def _joined_row(numbers, n_features):
    """The same, of a single row: lists take less time than as many arrays."""
    row = [0.0] * n_features
    for places, values in numbers:
        if values.size == 1 and type(places) is slice:
            row[places.start] = values.item()
        else:
            for place, cell in zip(_listed(places), values[:, 0].tolist()):
                row[place] = cell
    return np.array(row, np.float64).reshape(n_features, 1)


def _listed(places):
    return range(places.start, places.stop, places.step) if type(places) is slice else places.tolist()


def _columns_of_categories(values):
    """List of the columns of a block of pandas, as FewRowsTable takes them; None if they are something else."""
    if isinstance(values, pd.Categorical):
        return [values]
    if isinstance(getattr(values, "dtype", None), pd.StringDtype):
        return [_cells_of_texts(values)]
    if type(values) is np.ndarray and values.dtype == object:
        columns = values.tolist()
        return columns if all(map(_is_text, columns)) else None
    return None


def _is_text(cells):
    """Whether some cells are text and no cell is anything else but None."""
    kinds = set(map(type, cells))
    return str in kinds and kinds <= {str, type(None)}


def _cells_of_texts(values):
    """A pandas array of text as a list of it and of None.

    By pyarrow where it holds the text: pandas takes several times as long.
    """
    in_arrow = getattr(values, "_pa_array", None)
    if in_arrow is not None:
        return in_arrow.to_pylist()
    return [cell if isinstance(cell, str) else None for cell in np.asarray(values, object).tolist()]


def _few_categories(cells):
    """As `factorized`, of a column of FewRowsTable."""
    if isinstance(cells, pd.Categorical):
        return CategoryColumn(cells.codes, np.asarray(cells.categories, object), True)
    codes = {}
    found = [-1 if cell is None else codes.setdefault(cell, len(codes)) for cell in cells]
    return CategoryColumn(np.array(found, np.int32), np.array(list(codes), object), False)


def _few_texts(cells):
    """List of text and of None of a column of FewRowsTable; None if some cells are no text."""
    if type(cells) is list:
        return cells
    levels, codes = _levels(cells.dtype.categories), getattr(cells, "_codes", None)
    codes = cells.codes if codes is None else codes  # which takes pandas as long as all that follows
    texts = [None if code < 0 else levels[code] for code in codes.tolist()]
    return texts if _is_text(texts) else None


def _levels(categories):
    """The categories of a column, as a list where it is worth it.

    Of frames that come one after the other from one source all share an Index, of which pandas reads text slowly.
    """
    if len(categories) > MOST_KEPT_LEVELS:
        return categories
    index, levels = _levels_of_index.get(id(categories), (None, None))
    if index is not categories:
        if len(_levels_of_index) >= MOST_KEPT_INDEXES:
            _levels_of_index.clear()
        levels = categories.tolist()
        _levels_of_index[id(categories)] = categories, levels
    return levels
