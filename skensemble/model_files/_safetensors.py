"""Safetensors: arrays and some text in one file, read and written with every size checked.

    8 bytes, length of the header | header: JSON, padded with spaces | the arrays, one after the other

The header is padded so that the arrays begin at a multiple of 64 bytes, and arrays of large numbers come first: each
one is aligned, also where a file is mapped into memory.  The header has an entry for each array,

    "name": {"dtype": "F64", "shape": [3, 2], "data_offsets": [0, 48]}

and one of texts, "__metadata__".  One of these texts is a checksum, that of the file with zeros in its place.
"""

import hashlib
import json
import math
import sys

import numpy as np

ALIGNMENT = 64
LONGEST_HEADER = 100_000_000  # bytes, as in other readers of the format
MOST_DIMENSIONS = 8
METADATA = "__metadata__"
CHECKSUM = "checksum"
NO_CHECKSUM = "0" * 64
DTYPES = {
    "BOOL": "|b1",
    "U8": "|u1",
    "I8": "|i1",
    "U16": "<u2",
    "I16": "<i2",
    "F16": "<f2",
    "U32": "<u4",
    "I32": "<i4",
    "F32": "<f4",
    "U64": "<u8",
    "I64": "<i8",
    "F64": "<f8",
}
DTYPES = {name: np.dtype(dtype) for name, dtype in DTYPES.items()}
NAME_OF_DTYPE = {dtype: name for name, dtype in DTYPES.items()}


class FileError(ValueError):
    """What is read is no model file, or a damaged one."""


class Unsaveable(TypeError):
    """A value that no file can hold."""


# -- write -----------------------------------------------------------------------------------------------------------


def write_safetensors(arrays, texts):
    """The file as a list of objects with bytes.

    arrays : {name: array of a dtype of NAME_OF_DTYPE};  texts : {name: str}
    """
    ordered = sorted(arrays.items(), key=lambda item: -item[1].dtype.itemsize)
    entries, parts, end = {METADATA: {**texts, CHECKSUM: NO_CHECKSUM}}, [], 0
    for name, array in ordered:
        parts.append(_little_endian(array))
        start, end = end, end + array.nbytes
        entries[name] = {
            "dtype": NAME_OF_DTYPE[array.dtype],
            "shape": list(array.shape),
            "data_offsets": [start, end],
        }
    header = json.dumps(entries, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    header += b" " * (-(8 + len(header)) % ALIGNMENT)
    length = len(header).to_bytes(8, "little")
    checksum = _checksum(length, header, parts)
    header = header.replace(_checksum_entry(NO_CHECKSUM), _checksum_entry(checksum))
    return [length, header, *parts]


def _little_endian(array):
    array = np.ascontiguousarray(array)
    if sys.byteorder == "big":
        array = array.byteswap()
    return memoryview(array.reshape(-1).view(np.uint8))


def _checksum_entry(checksum):
    return f'"{CHECKSUM}":"{checksum}"'.encode()


def _checksum(length, header, parts):
    digest = hashlib.sha256(length)
    digest.update(header)
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


# -- read ------------------------------------------------------------------------------------------------------------


def read_safetensors(content):
    """(arrays, texts) of a file: {name: array} and {name: str}; raises FileError.

    content : (n_bytes,) uint8, of which the arrays are views
    """
    header, body = _split(content)
    entries = read_json(_decoded(header), "the header")
    if not isinstance(entries, dict) or not isinstance(entries.get(METADATA), dict):
        raise FileError(f"the header must have an entry {METADATA!r}, as files of skensemble have.")
    texts = entries.pop(METADATA)
    if not all(isinstance(text, str) for text in texts.values()):
        raise FileError(f"{METADATA} must hold text only.")
    _check_checksum(content[:8], header, body, texts.get(CHECKSUM))
    places = {name: _place(name, entry, len(body)) for name, entry in entries.items()}
    end = 0
    for name, (start, stop, _, _) in sorted(places.items(), key=lambda item: item[1][:2]):
        if start != end:
            raise FileError(f"the bytes of {name!r} must begin where those before it end, at {end}, got {start}.")
        end = stop
    if end != len(body):
        raise FileError(f"the arrays must fill the file, got {len(body) - end} bytes after the last one.")
    address = body.__array_interface__["data"][0]
    return {name: _view(body, address, *place) for name, place in places.items()}, texts


def _split(content):
    """(header, bytes of the arrays)"""
    if len(content) < 8:
        raise FileError(f"it must begin with 8 bytes, the length of its header, got {len(content)} bytes.")
    length = int.from_bytes(content[:8].tobytes(), "little")
    if not 2 <= length <= min(LONGEST_HEADER, len(content) - 8) or content[8] != ord("{"):
        raise FileError("it does not begin with a header, as safetensors files do, or it has been cut.")
    return content[8 : 8 + length].tobytes(), content[8 + length :]


def _decoded(header):
    try:
        return header.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FileError(f"the header must be text in UTF-8: {error}.") from None


def read_json(text, what):
    """The value of a JSON text without repeated names and without numbers that JSON does not have."""
    try:
        return _DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        raise FileError(f"{what} must be JSON: {error}") from None


def _without_repeats(pairs):
    entries = dict(pairs)
    if len(entries) < len(pairs):
        raise ValueError("a name is there twice.")
    return entries


def _refused_constant(name):
    raise ValueError(f"{name} is no JSON.")


_DECODER = json.JSONDecoder(object_pairs_hook=_without_repeats, parse_constant=_refused_constant)


def _check_checksum(length, header, body, checksum):
    entry = _checksum_entry(checksum)
    if not isinstance(checksum, str) or header.count(entry) != 1:
        raise FileError(f"{METADATA} must hold a checksum.")
    found = _checksum(length, header.replace(entry, _checksum_entry(NO_CHECKSUM)), [body])
    if found != checksum:
        raise FileError("its checksum does not fit its contents: it has been cut, or changed after it was written.")


def _place(name, entry, n_bytes):
    """(start, stop, dtype, shape) of an array."""
    if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"}:
        raise FileError(f"the entry of {name!r} must be a dtype, a shape and data_offsets.")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise FileError(f"the dtype of {name!r} must be one of {', '.join(DTYPES)}, got {dtype!r}.")
    if not _are_sizes(shape) or len(shape) > MOST_DIMENSIONS:
        raise FileError(f"the shape of {name!r} must be a list of at most {MOST_DIMENSIONS} sizes, got {shape!r}.")
    if not _are_sizes(offsets) or len(offsets) != 2 or not offsets[0] <= offsets[1] <= n_bytes:
        raise FileError(f"data_offsets of {name!r} must be two places in the file, got {offsets!r}.")
    dtype = DTYPES[dtype]
    if math.prod(shape) * dtype.itemsize != offsets[1] - offsets[0]:
        raise FileError(f"{name!r} must have {math.prod(shape) * dtype.itemsize} bytes by its shape, got {offsets!r}.")
    return *offsets, dtype, tuple(shape)


def _are_sizes(values):
    if not isinstance(values, list):
        return False
    for value in values:
        if type(value) is not int or not 0 <= value < 2**48:
            return False
    return True


def _view(body, address, start, stop, dtype, shape):
    """An array of the bytes start .. stop - 1 of the body, which begins at an address in memory."""
    if (address + start) % dtype.itemsize:
        body, start = body[start:stop].copy(), 0  # written by others, not aligned
    if dtype.kind == "b" and stop > start and body[start:stop].max() > 1:
        raise FileError("an array of BOOL must hold 0 and 1 only.")
    array = np.ndarray(shape, dtype, body, start)
    return array if sys.byteorder == "little" else array.astype(dtype.newbyteorder("="))
