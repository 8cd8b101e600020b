"""The memory that a state stands in: a block for each owner, in which the arrays of its fields follow each other.

A state has more than a hundred fields, and a fit of a few hundred rows takes a millisecond.  So nothing is done field
by field, but by columns over all fields: how long the arrays are, where each begins, and the words by which kernels
find them.  What depends on lengths alone is kept for the next state of the same ones, and what does not depend on them,
the struct and where its fields lie, is found out once.
"""

import functools
from operator import itemgetter
from typing import NamedTuple

import numpy as np
from numba import types
from numba.core.registry import cpu_target
from numba.core.runtime import rtsys
from numba.np.numpy_support import from_dtype

from skensemble.tree._state_table import FIT

ALIGNMENT = 64  # bytes of a cache line, and of the longest vector: no two arrays share a line, nor do two blocks
NUMBERS = {bool: (types.boolean, np.bool_), int: (types.int64, np.int64), float: (types.float64, np.float64)}
# Numba's words of an array: its owner and Python object, both none here, then these, then shape and strides
N_CELLS, CELL_BYTES, ADDRESS, SHAPE = 2, 3, 4, 5
WORD = 8  # bytes
N_PLACES = 128  # that are kept, 10 KB each: of folds, stages and repeated fits
_IS_C, _IS_F, _IS_ALIGNED, _IS_WRITEABLE = 0x1, 0x2, 0x100, 0x400  # bits of numpy's `flags.num`
_FLAGS_OF_TYPES = _IS_C | _IS_F | _IS_ALIGNED | _IS_WRITEABLE
_FLAGS_OF_BLOCKS = _IS_C | _IS_ALIGNED | _IS_WRITEABLE


class StateMemory:
    """A state, and the arrays that it stands in, which kernels and Python read and write.

    A subclass says which kind of state.  Kernels count no references to arrays: the state keeps them alive.

    given : dict of the fields that a fit gives
    sizes : dict of what shapes are written in
    shared : dict of owners and their blocks, of another state of these sizes; other owners get new ones
    """

    table = state_class = struct_type = None

    def __init__(self, given, sizes, shared=None):
        arrays = _given_of(self.table).arrays(given)
        layout = _layout_of(self.table, self.struct_type, tuple(map(_key, arrays)))
        lengths, shared = layout.lengths(sizes), shared or {}
        places = _places_of(layout, lengths.tobytes())
        self.sizes, self._given = sizes, given
        self._blocks = {owner: shared.get(owner) or Block.new(*n) for owner, n in places.n_bytes.items()}
        self.arrays = StateArrays(given, layout.own_fields, places, self._blocks)
        for field in layout.filled:
            if field.owner not in shared:
                self.arrays[field.name].fill(field.initial)
        record = layout.record(places, self._blocks, given, arrays, lengths)
        _start_runtime()
        memory = rtsys.meminfo_new(_address(record), (record, arrays, self._blocks))
        self.state = self.state_class._numba_box_(layout.struct, memory)

    def sharing(self, *owners, **given):
        """Another state that shares the memory of these owners, with other values of some fields that a fit gives."""
        shared = {owner: self._blocks[owner] for owner in owners}
        return type(self)({**self._given, **given}, self.sizes, shared)


class StateArrays(dict):
    """The arrays of a state by name; those that stand in blocks are made when they are asked for."""

    def __init__(self, given, fields, places, blocks):
        super().__init__(given)
        self._fields, self._places, self._blocks = fields, places, blocks

    def __missing__(self, name):
        number, owner, part, dtype, n_dimensions = self._fields[name]
        shapes, starts = self._places.shapes, self._places.starts
        shape = shapes[len(shapes) - n_dimensions :, number].tolist()
        array = np.ndarray(shape, dtype, self._blocks[owner].parts[part], starts[number])
        self[name] = array
        return array


class Block(NamedTuple):
    """Memory of an owner, in two parts: the one that is cleared, and the one that is not."""

    parts: tuple
    addresses: tuple

    @classmethod
    def new(cls, n_cleared, n_others):
        """Memory for so many bytes in each part."""
        (cleared, first), (others, second) = _aligned(np.zeros, n_cleared), _aligned(np.empty, n_others)
        return cls((cleared, others), (first, second))


class Places(NamedTuple):
    """Where the arrays of a state stand in its blocks."""

    shapes: np.ndarray  # (axes, arrays): lengths, of the last axis in the last row; 1 where an array has fewer axes
    starts: np.ndarray  # (arrays,): first byte in its part of the block
    n_bytes: dict  # of owners: the lengths of both parts
    record: np.ndarray  # what kernels read, but for addresses and what the fit gives


def _aligned(new, n_bytes):
    """(bytes that begin a line of the cache, their address)"""
    memory = new(n_bytes + ALIGNMENT, np.uint8)
    address = _address(memory)
    start = -address % ALIGNMENT
    return memory[start : start + n_bytes], address + start


def _address(array):
    return array.__array_interface__["data"][0]


@functools.cache
def _start_runtime():
    """Have Numba's memory be ready, which needs to be asked for once, and waits for a lock."""
    rtsys.initialize(cpu_target.target_context)


# -- what a fit gives ------------------------------------------------------------------------------------------------


class _Given:
    """The fields of a StateTable that a fit gives."""

    def __init__(self, table):
        self._state = table.name
        given = [field for field in table.fields.values() if field.owner == FIT]
        self._names = frozenset(field.name for field in given)
        self.array_fields = [field for field in given if field.shape is not None]
        self.number_names = {kind: [field.name for field in given if field.kind is kind] for kind in NUMBERS}
        self.number_names = {kind: names for kind, names in self.number_names.items() if names}
        self._take_arrays = _taker([field.name for field in self.array_fields])

    def arrays(self, given):
        """Tuple of the arrays among them, in the order of the table."""
        if given.keys() != self._names:
            missing, unknown = sorted(self._names - given.keys()), sorted(given.keys() - self._names)
            raise ValueError(f"{self._state} lacks {missing} and has no {unknown} that a fit gives.")
        return self._take_arrays(given)


_given_of = functools.cache(_Given)


def _taker(names):
    """Function that takes the values of some names from a dict, as a tuple."""
    return itemgetter(*names) if len(names) > 1 else lambda values: tuple(values[name] for name in names)


def _key(array):
    """What the type of an array depends on."""
    return array.dtype, array.ndim, array.flags.num & _FLAGS_OF_TYPES


# -- how a state lies in memory --------------------------------------------------------------------------------------


class _Layout:
    """The struct of a state whose given arrays are of some types, and where its fields lie.

    keys : of the given arrays
    """

    def __init__(self, table, struct_type, keys):
        given = _given_of(table)
        for field, key in zip(given.array_fields, keys):
            _check_key(table.name, field, key)
        own = [field for field in table.fields.values() if field.owner != FIT and field.shape is not None]
        blocks = {(field.owner, part): [] for field in own for part in (0, 1)}  # cleared memory comes first
        for field in own:
            blocks[field.owner, int(field.initial != 0)].append(field)
        self._own = [field for block in blocks.values() for field in block]
        self.own_fields = {
            field.name: (i, field.owner, int(field.initial != 0), np.dtype(field.kind), len(field.lengths))
            for i, field in enumerate(self._own)
        }
        self.filled = [field for field in own if field.initial not in (0, None)]
        self._owners = list(dict.fromkeys(field.owner for field in own))
        self._block_stops = np.cumsum([len(block) for block in blocks.values()])
        self._block_of_own = np.repeat(np.arange(len(blocks)), [len(block) for block in blocks.values()])
        self._own_bytes = np.array([np.dtype(field.kind).itemsize for field in self._own])
        self._read_lengths(given.array_fields)
        own_keys = [(np.dtype(field.kind), len(field.lengths), _FLAGS_OF_BLOCKS) for field in self._own]
        keys = {field.name: key for field, key in zip([*given.array_fields, *self._own], [*keys, *own_keys])}
        self.struct = struct_type([(name, _type_of(field, keys)) for name, field in table.fields.items()])
        self._lay_out(table, given, keys)
        self._table = table

    def _read_lengths(self, given_fields):
        """By numbers among all lengths that occur: those of the arrays that the fit gives, and of the others."""
        words = {None: 0, 1: 1}  # any length, of a given array; of a dimension that an array does not have

        def number(word):
            return words.setdefault(word, len(words))

        self._given_lengths = np.array([number(n) for field in given_fields for n in field.lengths], np.int64)
        self._n_axes = max(len(field.lengths) for field in self._own)
        padded = [[1] * (self._n_axes - len(field.lengths)) + field.lengths for field in self._own]
        self._own_lengths = np.array([[number(n) for n in axis] for axis in zip(*padded)], np.int64)
        self._words = list(words)

    def _lay_out(self, table, given, keys):
        """Where words stand in the record, as C lays out a struct: a truth value takes a byte."""
        at, end = {}, 0
        for field in table.fields.values():
            width = 1 if field.kind is bool else WORD
            at[field.name] = -(-end // width)
            n_words = 1 if field.shape is None else SHAPE + 2 * keys[field.name][1]
            end = width * (at[field.name] + n_words)
        self._template = np.zeros(-(-end // WORD), np.int64)
        for field in table.fields.values():
            if field.shape is None and field.owner != FIT:
                self._template.view(NUMBERS[field.kind][1])[at[field.name]] = field.initial
        for name, (dtype, _, _) in keys.items():
            self._template[at[name] + CELL_BYTES] = dtype.itemsize
        self._numbers = [
            (NUMBERS[kind][1], _taker(names), np.array([at[name] for name in names]))
            for kind, names in given.number_names.items()
        ]
        self._lay_out_arrays(at, [field.name for field in given.array_fields], keys)

    def _lay_out_arrays(self, at, given_names, keys):
        """Which words of the record those are that differ from state to state."""
        own = [(number, at[field.name], len(field.lengths)) for number, field in enumerate(self._own)]
        self._own_addresses = np.array([first + ADDRESS for _, first, _ in own])
        places, rows = [], []  # in the record; in the table of `places`, which has a row for each kind of word
        for number, first, n_dimensions in own:
            axes = range(self._n_axes - n_dimensions, self._n_axes)
            words = [0, *(1 + axis for axis in axes), *(1 + self._n_axes + axis for axis in axes)]
            places += [first + N_CELLS, *range(first + SHAPE, first + SHAPE + 2 * n_dimensions)]
            rows += [word * len(own) + number for word in words]
        self._own_places, self._own_words = np.array(places), np.array(rows)
        starts = {name: at[name] for name in given_names}
        self._given_shapes = np.array([at + SHAPE + k for name, at in starts.items() for k in range(keys[name][1])])
        ends = [range(at + SHAPE, at + SHAPE + 2 * keys[name][1]) for name, at in starts.items()]
        words = [[at + N_CELLS, at + ADDRESS, *end] for at, end in zip(starts.values(), ends)]
        self._given_words = np.array([word for of_array in words for word in of_array])

    # -- what is done for each state -------------------------------------------------------------------------------

    def lengths(self, sizes):
        """Array of all lengths that occur, by number."""
        return np.array([-1 if n is None else sizes[n] if type(n) is str else n for n in self._words])

    def places(self, lengths):
        """Places of the arrays of these lengths."""
        shapes, record, n_axes = lengths[self._own_lengths], self._template.copy(), self._n_axes
        words = np.empty((1 + 2 * n_axes, len(self._own)), np.int64)
        words[0] = shapes.prod(axis=0)
        words[1 : 1 + n_axes] = shapes
        words[-1] = self._own_bytes
        for row in range(1 + n_axes, 2 * n_axes)[::-1]:  # strides
            np.multiply(words[row + 1], words[row + 1 - n_axes], out=words[row])
        record[self._own_places] = words.reshape(-1)[self._own_words]
        ends = np.zeros(len(self._own) + 1, np.int64)
        np.cumsum((words[0] * self._own_bytes + (ALIGNMENT - 1)) & -ALIGNMENT, out=ends[1:])
        block_ends = ends[self._block_stops]
        n_bytes = np.diff(block_ends, prepend=0)
        starts = ends[:-1] - (block_ends - n_bytes)[self._block_of_own]
        return Places(shapes, starts, dict(zip(self._owners, n_bytes.reshape(-1, 2).tolist())), record)

    def record(self, places, blocks, given, arrays, lengths):
        """The words that kernels read."""
        record = places.record.copy()
        addresses = np.array([address for owner in self._owners for address in blocks[owner].addresses])
        record[self._own_addresses] = addresses[self._block_of_own] + places.starts
        self._write_given(record, given, arrays, lengths, addresses[0])
        return record

    def _write_given(self, record, given, arrays, lengths, anywhere):
        """Write what the fit gives, if it is of the lengths that the table says.

        anywhere : address for arrays without cells; to ask for theirs takes longer than all else
        """
        words = []
        for array in arrays:
            n_cells = array.size
            words += (n_cells, _address(array) if n_cells else anywhere, *array.shape, *array.strides)
        record[self._given_words] = words
        there, expected = record[self._given_shapes], lengths[self._given_lengths]
        if ((there != expected) & (expected >= 0)).any():
            _refuse_lengths(self._table.name, _given_of(self._table).array_fields, arrays, self._words, lengths)
        for dtype, take, places in self._numbers:
            record.view(dtype)[places] = take(given)


_layout_of = functools.cache(_Layout)


@functools.lru_cache(N_PLACES)
def _places_of(layout, lengths):
    return layout.places(np.frombuffer(lengths, np.int64))


def _type_of(field, keys):
    """Numba's type."""
    if field.shape is None:
        return NUMBERS[field.kind][0]
    dtype, n_dimensions, flags = keys[field.name]
    layout = "C" if flags & _IS_C else "F" if flags & _IS_F else "A"
    is_writeable, is_aligned = bool(flags & _IS_WRITEABLE), bool(flags & _IS_ALIGNED)
    return types.Array(from_dtype(dtype), n_dimensions, layout, readonly=not is_writeable, aligned=is_aligned)


def _check_key(state, field, key):
    dtype, n_dimensions, _ = key
    if n_dimensions != len(field.lengths) or (field.kind is not None and dtype != field.kind):
        kind = np.dtype(field.kind) if field.kind is not None else "an array"
        raise ValueError(
            f"{state}.{field.name} must be {kind} of {len(field.lengths)} dimensions, got {dtype} of {n_dimensions}."
        )


def _refuse_lengths(state, fields, arrays, words, lengths):
    known = dict(zip(words, lengths.tolist()))
    for field, array in zip(fields, arrays):
        shape = [known[n] for n in field.lengths]
        if any(n not in (-1, there) for n, there in zip(shape, array.shape)):
            raise ValueError(f"{state}.{field.name} must be {field.shape} cells long, {shape}, got {array.shape}.")
