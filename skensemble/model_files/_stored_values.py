"""Values of models as JSON and arrays, and back.

None, bool, int, str and finite floats are those of JSON, and lists are lists.  All else is an object with one entry,
whose name says what it is: {"tuple": [...]}, {"array": ...}, a name in FORMS.  Objects of the package are {"object":
kind, ...}, where the kind is a name in a closed table, and {"same": n} is the n-th of them once more.
"""

import math

import numpy as np

from skensemble.model_files._safetensors import MOST_DIMENSIONS, NAME_OF_DTYPE, FileError, Unsaveable
from skensemble.model_files._small_values import FLOATS, FORMS, read_dtype, write_dtype

PLAIN = frozenset([type(None), bool, int, float, str])  # values of JSON that are what they stand for
FEW = 3  # a longer list of alike arrays is stored as one array
WRONG_ENTRY = (ValueError, TypeError, KeyError, OverflowError, ArithmeticError, AttributeError, IndexError)


# -- write -----------------------------------------------------------------------------------------------------------


class ValueWriter:
    """Makes JSON of values, and collects their arrays.

    kind_of : function of an object of the package: its Kind, or None
    slim : whether what only training needs is left out
    """

    def __init__(self, kind_of, slim=False):
        self.kind_of, self.slim = kind_of, slim
        self.arrays = {}
        self._entries = {}  # id of an array -> (its entry, the array, so that the id stays its own)
        self._numbers = {}  # id of an object -> (its number, the object)

    def write(self, value, where):
        """The JSON of a value; `where` is its place in the model, for names of arrays and for errors."""
        if value is None or type(value) in (bool, int, str):
            return value
        if type(value) is float:
            return value if math.isfinite(value) else {"float": repr(value)}
        if type(value) in _CONTAINERS:
            return _CONTAINERS[type(value)](self, value, where)
        for name, form in FORMS.items():
            if isinstance(value, form.classes):
                return {name: form.write(value, self.write, where)}
        return self._object(value, where)

    def fields(self, values, where):
        """The JSON of some values by their names."""
        return {name: self.write(value, f"{where}.{name}" if where else name) for name, value in values.items()}

    def _items(self, values, where):
        return [self.write(value, f"{where}.{number}") for number, value in enumerate(values)]

    def _list(self, values, where):
        if len(values) <= FEW or not _are_alike(values):
            return self._items(values, where)
        return {"arrays": [self._array(np.concatenate(values), where), [len(array) for array in values]]}

    def _dict(self, values, where):
        return {"dict": [[self.write(key, where), self.write(each, f"{where}.{key}")] for key, each in values.items()]}

    def _array(self, array, where):
        if array.dtype.kind in "OUS":
            values = self._items(array.reshape(-1).tolist(), where)
            return {"table": [write_dtype(array.dtype), list(array.shape), values]}
        if id(array) not in self._entries:
            self._entries[id(array)] = self._numeric(array, where), array
        return self._entries[id(array)][0]

    def _numeric(self, array, where):
        is_date = array.dtype.kind in "mM"
        native = array.dtype.newbyteorder("=")
        if not is_date and native not in NAME_OF_DTYPE:
            raise Unsaveable(f"{where} must be an array of numbers, text or dates to be saved, got {array.dtype}.")
        stored = np.array(array.astype(native)).view(np.int64) if is_date else np.asarray(array, native)
        narrow = _narrowed(stored)
        name = where
        while name in self.arrays:
            name += "'"
        self.arrays[name] = narrow
        is_columnwise = array.ndim > 1 and array.flags.f_contiguous and not array.flags.c_contiguous
        changed = is_date or narrow.dtype != native
        if not (changed or is_columnwise):
            return {"array": name}
        return {"array": [name, write_dtype(native), "F" if is_columnwise else "C"]}

    def _object(self, value, where):
        if id(value) in self._numbers:
            return {"same": self._numbers[id(value)][0]}
        kind = self.kind_of(value)
        if kind is None:
            raise Unsaveable(_refusal(value, where))
        entry = {"object": kind.name, **kind.written(value, self, where)}
        self._numbers[id(value)] = len(self._numbers), value
        return entry


_CONTAINERS = {
    list: ValueWriter._list,
    tuple: lambda writer, value, where: {"tuple": writer._items(value, where)},
    dict: ValueWriter._dict,
    np.ndarray: ValueWriter._array,
}


def _are_alike(values):
    return all(
        type(each) is np.ndarray and each.ndim == 1 and each.dtype == values[0].dtype and each.dtype in NAME_OF_DTYPE
        for each in values
    )


def _narrowed(array):
    """The same numbers in the dtype with the fewest bytes that holds them all."""
    if array.dtype.kind in "iu" and array.size:
        low, high = int(array.min()), int(array.max())
        dtype = np.min_scalar_type(high if low >= 0 else min(low, -1 - high))
        if dtype.itemsize < array.dtype.itemsize:
            return array.astype(dtype)
    if array.dtype == np.float64:
        with np.errstate(over="ignore"):
            single = array.astype(np.float32)
        if np.array_equal(single, array, equal_nan=True):
            return single
    return array


def _refusal(value, where):
    if callable(value) and not hasattr(value, "get_params"):
        name = getattr(value, "__name__", type(value).__name__)
        return f"{where} must not be a function in a model that is saved, got {name}: files hold data, no code."
    name = f"{type(value).__module__.split('.')[0]}.{type(value).__name__}"
    if hasattr(value, "get_params"):
        return f"{where} must be an estimator of skensemble in a model that is saved, got {name}: pickle such a model."
    return f"{where} must be a number, text, date or array in a model that is saved, got {name}."


# -- read ------------------------------------------------------------------------------------------------------------


class ValueReader:
    """Makes values of JSON and arrays; raises FileError about what is wrong.

    kinds : {name: Kind};  arrays : {name: array} of the file
    """

    def __init__(self, kinds, arrays):
        self.kinds, self.arrays = kinds, arrays
        self.unread = set(arrays)
        self._objects, self._made = [], {}

    def read(self, entry, where):
        """The value of its JSON; `where` is its place in the model."""
        if type(entry) in PLAIN:
            return entry
        if type(entry) is list:
            return self._items(entry, where)
        if "object" in entry:
            return self._object(entry, where)
        if len(entry) != 1:
            raise FileError(f"{where} must be one value, got the entries {sorted(entry)[:5]}.")
        ((name, content),) = entry.items()
        try:
            return self._value(name, content, where)
        except FileError:
            raise
        except WRONG_ENTRY as error:
            raise FileError(f"{where} must be a value of kind {name!r}: {error}.") from None

    def _items(self, entries, where):
        return [each if type(each) in PLAIN else self.read(each, f"{where}[{k}]") for k, each in enumerate(entries)]

    def _value(self, name, content, where):
        if name in FORMS:
            return FORMS[name].read(content, self.read, where)
        if name not in _READERS:
            raise FileError(f"{where} is of a kind that this version does not know: {name!r}.")
        return _READERS[name](self, content, where)

    def fields(self, entry, where):
        """The values of some entries by their names."""
        if type(entry) is not dict:
            raise FileError(f"{where} must have names, got a {type(entry).__name__}.")
        return {
            name: each if type(each) in PLAIN else self.read(each, f"{where}.{name}") for name, each in entry.items()
        }

    def _array(self, content, where):
        key = content if isinstance(content, str) else tuple(content)
        if key not in self._made:
            name, dtype, order = (content, None, "C") if isinstance(content, str) else content
            self._made[key] = _in_form(self.arrays[name], dtype, order)
            self.unread.discard(name)
        return self._made[key]

    def _table(self, content, where):
        name, shape, entries = content
        dtype, values = read_dtype(name), self.read(entries, where)
        if dtype.kind not in "OUS" or type(values) is not list or len(shape) > MOST_DIMENSIONS:
            raise ValueError("a table must hold a list of objects or text")
        table = np.empty(len(values), dtype)
        for number, value in enumerate(values):
            if dtype.kind != "O" and type(value) is not (str if dtype.kind == "U" else bytes):
                raise ValueError(f"a table of {dtype} must hold text, got {value!r}")
            table[number] = value
        return table.reshape([int(size) for size in shape])

    def _arrays(self, content, where):
        entry, lengths = content
        array = self.read(entry, where)
        if not isinstance(array, np.ndarray) or array.ndim != 1 or any(type(n) is not int or n < 0 for n in lengths):
            raise ValueError("arrays must be one array and the lengths of its parts")
        if sum(lengths) != len(array):
            raise ValueError(f"arrays of {sum(lengths)} numbers are stored as {len(array)}")
        return [array[end - length : end] for end, length in zip(np.cumsum(lengths).tolist(), lengths)]

    def _dict(self, content, where):
        pairs = [(self.read(key, where), self.read(value, f"{where}[{key!r}]")) for key, value in content]
        if len(dict(pairs)) < len(pairs):
            raise ValueError("a key is there twice")
        return dict(pairs)

    def _same(self, number, where):
        if type(number) is not int or not 0 <= number < len(self._objects):
            raise FileError(f"{where} must be the number of an object before it, got {number!r}.")
        return self._objects[number]

    def _object(self, entry, where):
        kind = self.kinds.get(entry["object"]) if isinstance(entry["object"], str) else None
        if kind is None:
            raise FileError(f"{where} is an object of a kind that this version does not know: {entry['object']!r}.")
        made = kind.read({name: each for name, each in entry.items() if name != "object"}, self, where)
        self._objects.append(made)
        return made


def _in_form(array, dtype, order):
    if dtype is None:
        return array
    dtype = read_dtype(dtype)
    whole = np.dtype(np.int64) if dtype.kind in "mM" else dtype
    if whole.kind not in "biuf" or not np.can_cast(array.dtype, whole):  # files hold what loses nothing
        raise ValueError(f"an array of {array.dtype} cannot be one of {dtype}")
    array = array.astype(whole).view(dtype)
    return np.asfortranarray(array) if order == "F" else array


_READERS = {
    "float": lambda reader, content, where: FLOATS[content],
    "tuple": lambda reader, content, where: tuple(reader._items(content, where)),
    "dict": ValueReader._dict,
    "array": ValueReader._array,
    "arrays": ValueReader._arrays,
    "table": ValueReader._table,
    "same": ValueReader._same,
}
