"""Kinds: how objects of one class are stored, and what is checked before one is made of a file."""

import copy
from importlib import import_module

import numpy as np

from skensemble._estimator import STATE_FORMAT, parameter_names
from skensemble._front_door import ESTIMATORS, OTHERS, PARTS, RECEIVED
from skensemble._parameters import check_parameters
from skensemble.model_files._rules import ANYTHING, Each, Names, Size
from skensemble.model_files._safetensors import FileError
from skensemble.model_files._stored_values import WRONG_ENTRY

FILES = {name: file for files in ESTIMATORS.values() for name, file in files.items()}
FILES |= RECEIVED["Models of other libraries"] | {"TreeField": OTHERS[PARTS]["TreeField"]}


def bare(cls):
    """A maker of objects from their attributes, past the constructor."""

    def make(**values):
        made = cls.__new__(cls)
        vars(made).update(values)
        return made

    return make


def require(holds, sentence):
    """Refuse an object unless its parts fit one another; the sentence, without its full stop, says how they should."""
    if not holds:
        raise ValueError(f"{sentence}.")


class Kind:
    """How objects of a class that is no public estimator are stored.

    name : str, in files
    cls : class of the objects
    fields : {name: rule} of what is stored
    optional : names of fields that some objects do not have
    take : function of the object, and of whether the model is to be slim: {name: value}; None: attributes
    make : function of the fields, by name: the object; None: the class
    check : function of the object, that raises a ValueError about fields that do not fit together
    is_slim : whether it leaves out what only training needs, so that another kind of the class holds all
    """

    def __init__(self, name, cls, fields, *, optional=(), take=None, make=None, check=None, is_slim=False):
        self.name, self.cls, self.fields, self.optional, self.is_slim = name, cls, fields, optional, is_slim
        self.take, self.make, self.check = take or self._attributes, make or cls, check

    def _attributes(self, value, slim):
        return {name: getattr(value, name) for name in self.fields if hasattr(value, name)}

    def written(self, value, writer, where):
        """The JSON of an object, without the name of its kind."""
        return {"fields": writer.fields(self.take(value, writer.slim), where)}

    def read(self, entry, reader, where):
        """The object of its JSON."""
        values = reader.fields(entry.get("fields"), where)
        check_fields(values, self.fields, self.optional, where)
        return guarded(lambda: self._made(values), where)

    def _made(self, values):
        made = self.make(**values)
        if self.check is not None:
            self.check(made)
        return made


def check_fields(values, fields, optional, where):
    """Raise a FileError about fields that are unknown, missing or break their rules."""
    unknown, missing = values.keys() - fields.keys(), fields.keys() - values.keys() - set(optional)
    if unknown:
        raise FileError(f"{where} has a part that this version does not know: {min(unknown)}.")
    if missing:
        raise FileError(f"{where} has no {min(missing)}.")
    sizes = {}
    for name in fields:  # in the order of the table, so that sizes are those of the first array
        if name in values:
            fields[name].check(values[name], f"{where}.{name}", sizes)


def guarded(make, where):
    """What `make` makes; all that goes wrong is a FileError about the place."""
    try:
        return make()
    except FileError:
        raise
    except WRONG_ENTRY as error:
        raise FileError(f"{where}: {error}") from None


# -- estimators ------------------------------------------------------------------------------------------------------

OF_EVERY_TABLE = {"n_features_in_": Size("features", 1)}
PERHAPS_OF_EVERY_TABLE = {
    "feature_names_in_": Names("features"),
    "_column_labels": Each(ANYTHING, "features"),
    "_sklearn_output_config": ANYTHING,
}


class EstimatorKind:
    """How fitted and unfitted estimators of a class are stored: by their parameters and fitted attributes.

    name : of the class, in the table of public names
    fitted : {name: rule} of attributes that every fitted model has, the first of which no unfitted one has
    perhaps : {name: rule} of attributes that some fitted models have
    training : names of the attributes that only training needs
    check : function of the model, that raises a ValueError about attributes that do not fit together
    has_columns : whether it is fitted to the columns of a table
    """

    is_slim = False

    def __init__(self, name, fitted, perhaps=None, *, training=(), check=None, has_columns=True):
        self.name, self.training, self.check = name, frozenset(training), check
        self.mark = next(iter(fitted))
        self.fitted = (OF_EVERY_TABLE if has_columns else {}) | fitted
        self.perhaps = (PERHAPS_OF_EVERY_TABLE if has_columns else {}) | (perhaps or {})

    @property
    def cls(self):
        return getattr(import_module(FILES[self.name]), self.name)

    def written(self, model, writer, where):
        """The JSON of a model, without the name of its kind."""
        parameters = {name: _as_seed(value) for name, value in model.get_params(deep=False).items()}
        entry = {"params": writer.fields(parameters, where)}
        attributes = model.__getstate__()
        if self.mark in attributes:
            check_parameters(model, model._parameters)
            left_out = self.training if writer.slim else ()
            names = [name for name in self.fitted | self.perhaps if name in attributes and name not in left_out]
            entry["fitted"] = writer.fields({name: attributes[name] for name in names}, where)
            entry["slim"] = writer.slim
        return entry

    def read(self, entry, reader, where):
        """The model of its JSON."""
        cls, place = self.cls, f"{where}." if where else ""
        parameters = reader.fields(entry.get("params"), f"{place}params")
        unknown = parameters.keys() - parameter_names(cls)
        if unknown:
            raise FileError(f"{self.name} has no parameter {min(unknown)!r} in this version.")
        model = guarded(lambda: cls(**parameters), f"{place}params")
        if "fitted" in entry:
            guarded(lambda: check_parameters(model, cls._parameters), f"{place}params")
            values = reader.fields(entry["fitted"], f"{place}fitted")
            is_slim = entry.get("slim") is True
            check_fields(values, self.fitted | self.perhaps, (*self.perhaps, *self.training), f"{place}fitted")
            guarded(lambda: self._set(model, values, is_slim), f"{place}fitted")
        return model

    def _set(self, model, values, is_slim):
        model.__setstate__(vars(model) | values | {"_state_format": STATE_FORMAT})
        if is_slim:
            model._is_slim = True
        if self.check is not None:
            self.check(model)


def _as_seed(value):
    """A seed in place of a RandomState: the next number that it would draw."""
    is_state = isinstance(value, np.random.RandomState)
    return int(copy.deepcopy(value).randint(0, 2**31 - 1)) if is_state else value
