"""Universal Binary JSON (ubjson.org, draft 12), written."""

import numpy as np

_MARKERS = {"int8": b"i", "uint8": b"U", "int16": b"I", "int32": b"l", "int64": b"L", "float32": b"d", "float64": b"D"}


def universal_binary_json(value):
    """Bytes of dicts, lists, strings, whole numbers, and arrays of NumPy, whose numbers have one type."""
    if isinstance(value, dict):
        return b"{" + b"".join(_text(key) + universal_binary_json(item) for key, item in value.items()) + b"}"
    if isinstance(value, list):
        return b"[#" + _whole(len(value)) + b"".join(map(universal_binary_json, value))
    if isinstance(value, str):
        return b"S" + _text(value)
    if isinstance(value, int):
        return _whole(value)
    big_endian = np.ascontiguousarray(value, value.dtype.newbyteorder(">"))
    return b"[$" + _MARKERS[value.dtype.name] + b"#" + _whole(len(value)) + big_endian.tobytes()


def _whole(number):
    return b"L" + number.to_bytes(8, "big", signed=True)


def _text(text):
    data = text.encode()
    return _whole(len(data)) + data
