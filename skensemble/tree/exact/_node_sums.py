"""Sums of a node by code, of many features at once: one pass over its rows, and a subtraction for its sibling.

    words      codes of a row, eight features at a time          [ 3 9 7 1 8 1 1 2 ] [ 1 5 2 ]
    entries    cells of a row in features where most rows have the same code, and this one does not
    sums       n_channels integers for each code of each feature [ feature 0 | feature 1 | ... ]

Sums are integers: those of a node less those of one child are exactly those of the other, and those of all rows less
those of the unusual ones are those of the usual ones.  Sums serve nodes that look at all features and have many rows
beside the codes; other nodes read their rows feature by feature (`_row_search.py`), and find the same splits.  Memory
for the sums of a node is a slot; a node that gets none, because all are taken, is searched in the other way, too.
"""

from numba import int64, uint64

from skensemble._jit import kernel, prefetch

NO_SLOT = -1
ROWS_AHEAD = 16  # prefetch distance
ROWS_PER_CODE = 4  # rows of a node, for each code of a feature, from which its children have sums


@kernel
def free_all_slots(state):
    state.n_free = state.free_slots.shape[0]
    for slot in range(state.n_free):
        state.free_slots[slot] = slot


@kernel
def take_slot(state):
    """A slot, or NO_SLOT."""
    if state.n_free == 0:
        return int64(NO_SLOT)
    state.n_free -= 1
    return state.free_slots[state.n_free]


@kernel
def release_slot(slot, state):
    if slot >= 0:
        state.free_slots[state.n_free] = slot
        state.n_free += 1


@kernel
def is_worth_sums(n_rows, state):
    """Has a node so many rows that it, or its children, should have sums?"""
    n_features = state.first_cell.shape[0] - 1
    return n_features > 0 and n_rows * n_features >= ROWS_PER_CODE * state.first_cell[n_features]


@kernel
def n_sum_chunks(state):
    """Parts of the sums that can be made at the same time: those of a word each, and those of the entries."""
    return state.words_of_codes.shape[1] + int64(state.usual_cell.shape[0] > 0)


@kernel
def fill_sums(first_chunk, last_chunk, slot, rest, start, stop, state):
    """Write some chunks of the sums of rows[start:stop] into a slot, and take them off those of `rest`.

    rest : the slot of the parent, whose sums become those of the other child; or NO_SLOT
    """
    n_words, n_channels = state.words_of_codes.shape[1], state.n_channels
    size = state.first_cell[state.first_cell.shape[0] - 1] * n_channels
    place, last_place = min(8 * first_chunk, state.n_in_words), min(8 * last_chunk, state.n_in_words)
    if last_chunk > n_words:
        last_place = state.first_cell.shape[0] - 1
    first, last = uint64(state.first_cell[place] * n_channels), uint64(state.first_cell[last_place] * n_channels)
    base, other, sums = uint64(slot * size), uint64(rest * size), state.node_sums
    for cell in range(first, last):
        sums[base + cell] = 0
    last_word = min(last_chunk, n_words)
    if first_chunk < last_word and state.amount.shape[0] == 0:
        _add_words_of_classes(first_chunk, last_word, base, start, stop, state)
    elif first_chunk < last_word:
        _add_words_of_numbers(first_chunk, last_word, base, start, stop, state)
    if last_chunk > n_words:
        _add_entries(base, start, stop, state)
        _add_usual_rows(base, state)
    if rest >= 0:
        for cell in range(first, last):
            sums[other + cell] -= sums[base + cell]


@kernel
def _add_words_of_numbers(first_word, last_word, base, start, stop, state):
    """Add amounts and weights of rows[start:stop] to the sums of the features of some words; and rows, if counted."""
    words, rows, width = state.words_of_codes, state.rows, int64(state.words_of_codes.shape[1]) * 8
    sums, first_cell, n_channels = state.node_sums, state.first_cell, uint64(state.n_channels)
    amount_of_row, weight_of_row, counts = state.amount, state.weight, state.n_channels > 2
    first_word, n_full, n_places = uint64(first_word), uint64(min(last_word, state.n_in_words >> 3)), state.n_in_words
    has_rest = n_full < uint64(last_word)
    for i in range(uint64(start), uint64(stop)):
        if i + uint64(ROWS_AHEAD) < uint64(stop):
            prefetch(words, int64(rows[i + uint64(ROWS_AHEAD)]) * width + 8 * int64(first_word))
        row = uint64(rows[i])
        amount, weight = amount_of_row[row, uint64(0)], weight_of_row[row]
        for k in range(first_word, n_full):
            word = words[row, k]
            for place in range(uint64(8)):  # unrolled by the compiler
                code = (word >> (place << uint64(3))) & uint64(255)
                cell = base + (uint64(first_cell[(k << uint64(3)) + place]) + code) * n_channels
                sums[cell] += amount
                sums[cell + uint64(1)] += weight
                if counts:
                    sums[cell + uint64(2)] += 1
        if has_rest:
            word = words[row, n_full]
            for place in range(n_full << uint64(3), uint64(n_places)):
                cell = base + (uint64(first_cell[place]) + (word & uint64(255))) * n_channels
                sums[cell] += amount
                sums[cell + uint64(1)] += weight
                if counts:
                    sums[cell + uint64(2)] += 1
                word >>= uint64(8)


@kernel
def _add_words_of_classes(first_word, last_word, base, start, stop, state):
    """The weights of the classes; that of all classes is left out, which the sweep adds up."""
    words, rows, width = state.words_of_codes, state.rows, int64(state.words_of_codes.shape[1]) * 8
    sums, first_cell, n_channels = state.node_sums, state.first_cell, uint64(state.n_channels)
    class_of_row, weight_of_row, counts = state.class_of_row, state.weight, state.n_channels > state.n_stats + 1
    first_word, n_full, n_places = uint64(first_word), uint64(min(last_word, state.n_in_words >> 3)), state.n_in_words
    has_rest = n_full < uint64(last_word)
    counted = base + n_channels - uint64(1)
    for i in range(uint64(start), uint64(stop)):
        if i + uint64(ROWS_AHEAD) < uint64(stop):
            prefetch(words, int64(rows[i + uint64(ROWS_AHEAD)]) * width + 8 * int64(first_word))
        row = uint64(rows[i])
        channel, weight = base + uint64(class_of_row[row, uint64(0)]), weight_of_row[row]
        for k in range(first_word, n_full):
            word = words[row, k]
            for place in range(uint64(8)):
                code = (word >> (place << uint64(3))) & uint64(255)
                cell = (uint64(first_cell[(k << uint64(3)) + place]) + code) * n_channels
                sums[channel + cell] += weight
                if counts:
                    sums[counted + cell] += 1
        if has_rest:
            word = words[row, n_full]
            for place in range(n_full << uint64(3), uint64(n_places)):
                cell = (uint64(first_cell[place]) + (word & uint64(255))) * n_channels
                sums[channel + cell] += weight
                if counts:
                    sums[counted + cell] += 1
                word >>= uint64(8)


@kernel
def _add_entries(base, start, stop, state):
    """Add the unusual cells of rows[start:stop]; `all_sums` becomes what the rows have in any feature."""
    sums, rows, entry_cell, row_start = state.node_sums, state.rows, state.sum_entry_cell, state.sum_row_start
    all_sums, n_channels = state.all_sums, uint64(state.n_channels)
    is_class, counts = state.amount.shape[0] == 0, state.n_channels > state.n_stats + 1
    weight_of_row, amount_of_row, class_of_row = state.weight, state.amount, state.class_of_row
    for channel in range(n_channels):
        all_sums[channel] = 0
    for i in range(uint64(start), uint64(stop)):
        row = uint64(rows[i])
        weight, channel = weight_of_row[row], uint64(0)
        value = weight
        if is_class:
            channel = uint64(class_of_row[row, uint64(0)])
        else:
            value = amount_of_row[row, uint64(0)]
            all_sums[uint64(1)] += weight
        all_sums[channel] += value
        if counts:
            all_sums[n_channels - uint64(1)] += 1
        for entry in range(uint64(row_start[row]), uint64(row_start[row + uint64(1)])):
            cell = base + uint64(entry_cell[entry]) * n_channels
            sums[cell + channel] += value
            if not is_class:
                sums[cell + uint64(1)] += weight
            if counts:
                sums[cell + n_channels - uint64(1)] += 1


@kernel
def _add_usual_rows(base, state):
    """What a feature's unusual rows leave of all is what its usual ones have."""
    sums, n_channels = state.node_sums, uint64(state.n_channels)
    for k in range(state.usual_cell.shape[0]):
        place = state.n_in_words + k
        usual = base + uint64(state.usual_cell[k]) * n_channels
        for channel in range(n_channels):
            left = state.all_sums[channel]
            for cell in range(uint64(state.first_cell[place]), uint64(state.first_cell[place + 1])):
                left -= sums[base + cell * n_channels + channel]
            sums[usual + channel] = left


@kernel
def first_sum(node, feature, state):
    """Where the sums of a feature begin in those of the node; -1 if there are none."""
    slot = state.slot[node]
    place = state.place_in_sums[feature] if slot >= 0 else int64(-1)
    if place < 0:
        return int64(-1)
    size = state.first_cell[state.first_cell.shape[0] - 1]
    return (slot * size + state.first_cell[place]) * state.n_channels
