"""Universal Binary JSON (ubjson.org, draft 12), read with a check of every length."""

import numpy as np

_NUMBERS = {b"i": ">i1", b"U": ">u1", b"I": ">i2", b"l": ">i4", b"L": ">i8", b"d": ">f4", b"D": ">f8"}
_CONSTANTS = {b"Z": None, b"T": True, b"F": False}
_DEEPEST = 64


def read_universal_binary_json(data):
    """The object that the bytes hold; arrays of one type of numbers become arrays of NumPy."""
    reader = _Reader(data)
    value = reader.value(reader.take(1), 0)
    if reader.place != len(data):
        raise ValueError(f"{len(data) - reader.place} bytes follow the end of the object")
    return value


class _Reader:
    def __init__(self, data):
        self.data, self.place = data, 0

    def take(self, n_bytes):
        if not 0 <= n_bytes <= len(self.data) - self.place:
            raise ValueError(f"the bytes end after {len(self.data)}")
        self.place += n_bytes
        return self.data[self.place - n_bytes : self.place]

    def value(self, marker, depth):
        if depth > _DEEPEST:
            raise ValueError(f"objects must not be nested more than {_DEEPEST} deep")
        if marker in _CONSTANTS:
            return _CONSTANTS[marker]
        if marker in _NUMBERS:
            return self._numbers(marker, 1)[0].item()
        if marker == b"C":
            return self.take(1).decode("latin-1")
        if marker in (b"S", b"H"):
            return self._text()
        if marker == b"[":
            return self._array(depth)
        if marker == b"{":
            return self._object(depth)
        raise ValueError(f"{marker!r} at byte {self.place - 1} begins no value")

    def _numbers(self, marker, count):
        dtype = np.dtype(_NUMBERS[marker])
        return np.frombuffer(self.take(count * dtype.itemsize), dtype).astype(dtype.newbyteorder("="))

    def _length(self):
        marker = self.take(1)
        if marker not in (b"i", b"U", b"I", b"l", b"L"):
            raise ValueError(f"a length must be a whole number, got {marker!r} at byte {self.place - 1}")
        return int(self._numbers(marker, 1)[0])

    def _text(self):
        return self.take(self._length()).decode("utf-8")

    def _frame(self):
        """(type of the elements or None, their number or None) of an array or an object."""
        kind = None
        if self.data[self.place : self.place + 1] == b"$":
            self.take(1)
            kind = self.take(1)
        if self.data[self.place : self.place + 1] != b"#":
            if kind is not None:
                raise ValueError(f"a number of elements must follow their type at byte {self.place}")
            return None, None
        self.take(1)
        count = self._length()
        if not 0 <= count <= len(self.data) - self.place:
            raise ValueError(f"{count} elements do not fit the bytes that follow")
        return kind, count

    def _array(self, depth):
        kind, count = self._frame()
        if kind in _NUMBERS:
            return self._numbers(kind, count)
        if kind in _CONSTANTS:  # arrays of nothing, which a few bytes could make as long as the file, many times
            raise ValueError(f"the elements of an array must not be of type {kind!r}, at byte {self.place}")
        if count is not None:
            return [self.value(kind or self.take(1), depth + 1) for _ in range(count)]
        values = []
        while (marker := self.take(1)) != b"]":
            values.append(self.value(marker, depth + 1))
        return values

    def _object(self, depth):
        kind, count = self._frame()
        entries = {}
        while count is None or len(entries) < count:
            if count is None and self.data[self.place : self.place + 1] == b"}":
                self.take(1)
                break
            key = self._text()
            if key in entries:
                raise ValueError(f"{key[:40]!r} must stand once in an object")
            entries[key] = self.value(kind or self.take(1), depth + 1)
        return entries
