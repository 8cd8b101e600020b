"""Types of columns of pyarrow and polars as JSON, and back; these libraries are imported only here, when asked for."""

from skensemble.model_files._safetensors import Unsaveable
from skensemble.model_files._time_zones import write_zone

ARROW = (
    "null", "bool_", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32",
    "float64", "string", "large_string", "string_view", "binary", "large_binary", "date32", "date64",
)  # fmt: skip
POLARS = (
    "Boolean", "Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float32", "Float64",
    "String", "Binary", "Date", "Time", "Null", "Categorical",
)  # fmt: skip
UNITS = ("s", "ms", "us", "ns")


def write_arrow_type(kind, where):
    """A DataType of pyarrow as a list."""
    import pyarrow as pa

    for name in ARROW:
        if hasattr(pa, name) and kind == getattr(pa, name)():
            return [name]
    types = pa.types
    if types.is_timestamp(kind):
        return ["timestamp", kind.unit, write_zone(kind.tz, where)]
    if types.is_duration(kind) or types.is_time(kind):
        return [str(kind).split("[")[0], kind.unit]
    if types.is_decimal128(kind):
        return ["decimal128", kind.precision, kind.scale]
    if types.is_dictionary(kind):
        index, value = write_arrow_type(kind.index_type, where), write_arrow_type(kind.value_type, where)
        return ["dictionary", index, value, bool(kind.ordered)]
    raise Unsaveable(f"{where} must not have the type {kind} of pyarrow in a model that is saved.")


def read_arrow_type(entry):
    """The DataType of a list."""
    import pyarrow as pa

    name, *rest = entry
    if name in ARROW and not rest:
        return getattr(pa, name)()
    if name == "timestamp":
        unit, zone = rest
        return pa.timestamp(_among(unit, UNITS), tz=zone)
    if name in ("duration", "time32", "time64"):
        return getattr(pa, name)(_among(rest[0], UNITS))
    if name == "decimal128":
        return pa.decimal128(*map(int, rest))
    if name == "dictionary":
        index, value, is_ordered = rest
        return pa.dictionary(read_arrow_type(index), read_arrow_type(value), ordered=bool(is_ordered))
    raise ValueError(f"not a type of pyarrow: {name!r}")


def write_arrow_schema(schema, where):
    """A Schema of pyarrow as a list."""
    return [[field.name, write_arrow_type(field.type, where), bool(field.nullable)] for field in schema]


def read_arrow_schema(entry):
    """The Schema of a list."""
    import pyarrow as pa

    return pa.schema([pa.field(str(name), read_arrow_type(kind), bool(nullable)) for name, kind, nullable in entry])


def write_polars_schema(schema, where):
    """A Schema of polars as a list."""
    return [[name, _polars_type(dtype, where)] for name, dtype in schema.items()]


def _polars_type(dtype, where):
    name = str(dtype.base_type()) if hasattr(dtype, "base_type") else str(dtype)
    if name in POLARS:
        return [name]
    if name == "Datetime":
        return [name, dtype.time_unit, write_zone(dtype.time_zone, where)]
    if name == "Duration":
        return [name, dtype.time_unit]
    if name == "Enum":
        return [name, dtype.categories.to_list()]
    if name == "Decimal":
        return [name, dtype.precision, dtype.scale]
    raise Unsaveable(f"{where} must not have the type {dtype} of polars in a model that is saved.")


def read_polars_schema(entry):
    """The Schema of a list."""
    import polars as pl

    return pl.Schema({str(name): _read_polars_type(kind) for name, kind in entry})


def _read_polars_type(entry):
    import polars as pl

    name, *rest = entry
    if name in POLARS and not rest:
        return getattr(pl, name)()
    if name == "Datetime":
        return pl.Datetime(_among(rest[0], UNITS), rest[1])
    if name == "Duration":
        return pl.Duration(_among(rest[0], UNITS))
    if name == "Enum":
        return pl.Enum(list(map(str, rest[0])))
    if name == "Decimal":
        return pl.Decimal(*rest)
    raise ValueError(f"not a type of polars: {name!r}")


def _among(value, allowed):
    if value not in allowed:
        raise ValueError(f"must be one of {allowed}, got {value!r}")
    return value
