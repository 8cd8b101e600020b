"""`python -m skensemble`: predictions of files, descriptions of models, errors as sentences."""

import io

import numpy as np
import pandas as pd
import pytest

from skensemble import DecisionTreeRegressor, save_model
from skensemble.__main__ import main
from skensemble.serving import _table_files
from tests.model_files.models import COLUMNS, TABLE, X, fitted


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(_table_files, "ROWS_AT_ONCE", 30)  # several parts
    save_model(fitted("held out")[0], "late.model")
    TABLE.assign(other=1).to_csv("rows.csv", index=False)
    return tmp_path


@pytest.fixture
def expected():
    model, _ = fitted("held out")
    rows = pd.read_csv(io.StringIO(TABLE.to_csv(index=False)))
    return pd.DataFrame(
        {"prediction": model.predict(rows)}
        | {f"probability_{label}": model.predict_proba(rows)[:, k] for k, label in enumerate(model.classes_)}
    )


@pytest.mark.parametrize("out", [None, "out.csv", "out.csv.gz", "out.tsv", "out.parquet"])
def test_predictions_of_a_file(folder, expected, out, capsys):
    assert main(["predict", "late.model", "rows.csv", *([] if out is None else ["-o", out])]) == 0
    written = capsys.readouterr()
    assert written.err.endswith("80 rows predicted.\n")
    if out is None:
        found = pd.read_csv(io.StringIO(written.out))
    elif out.endswith("parquet"):
        found = pd.read_parquet(out)
    else:
        found = pd.read_csv(out, sep="\t" if "tsv" in out else ",")
    pd.testing.assert_frame_equal(found, expected, rtol=1e-12)


def test_parquet_files_and_models_without_names(folder, capsys):
    save_model(fitted("tree of numbers")[0], "plain.model")
    pd.DataFrame(X, columns=["a", "b", "c"]).to_parquet("rows.parquet")
    assert main(["predict", "-q", "plain.model", "rows.parquet"]) == 0
    written = capsys.readouterr()
    assert written.err == ""
    found = pd.read_csv(io.StringIO(written.out))
    assert list(found) == ["prediction_1", "prediction_2"]
    np.testing.assert_allclose(found, fitted("tree of numbers")[0].predict(X), rtol=1e-12)


def test_texts_that_look_like_numbers_or_missing_cells(folder, capsys):
    rows = pd.DataFrame({"code": ["01", "1", "NA", "02"] * 20, "number": np.arange(80.0)})
    model = DecisionTreeRegressor(min_frequency=1).fit(rows, np.arange(80) % 4)
    save_model(model, "codes.model")
    rows.to_csv("codes.csv", index=False)
    assert main(["predict", "-q", "codes.model", "codes.csv"]) == 0
    found = pd.read_csv(io.StringIO(capsys.readouterr().out))["prediction"]
    np.testing.assert_array_equal(found, np.arange(80) % 4)


def test_descriptions(folder, capsys):
    assert main(["describe", "late.model"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("file: late.model, 0.0")
    assert lines[1] == "NewtonBoostingClassifier"
    assert "features: 4 (number, text, grade, flag)" in lines
    assert "classes: 2 (False, True)" in lines
    assert any(line.startswith("trees: ") for line in lines)
    for name, model in (("new.model", DecisionTreeRegressor(max_depth=3)), ("table.model", fitted("encoder")[0])):
        save_model(model, name)
        assert main(["describe", name]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[2:4] == ["parameters: max_depth=3", "not fitted"]
    assert f"features: {COLUMNS.shape[1]} (number, rounded" in lines[-1]


def test_exports(folder, capsys):
    assert main(["export", "late.model", "--to", "c", "-o", "late.c"]) == 0
    assert "void model_predict(const double *row, double *prediction)" in (folder / "late.c").read_text()
    save_model(fitted("quantiles")[0], "quantiles.model")
    assert main(["export", "quantiles.model", "--to", "pmml", "-o", "quantiles.pmml"]) == 2
    assert capsys.readouterr().err.startswith("export: PMML has no link 'sorted'")
    assert not (folder / "quantiles.pmml").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["late.model", "nothing.csv"], "predict: nothing.csv is not there."),
        (["nothing.model", "rows.csv"], "No such file or directory: 'nothing.model'"),
        (["rows.csv", "rows.csv"], "rows.csv cannot be loaded as a model: it does not begin with a header"),
        (["late.model", "rows.txt"], "rows.txt must end in .csv, .tsv or .parquet"),
        (["late.model", "few.csv"], "must have the columns that the model was fitted to, and lacks 'text', 'grade'"),
        (["late.model", "wrong.csv"], "wrong.csv cannot be read"),
        (["encoder.model", "rows.csv"], "TableEncoder does not predict"),
        (["late.model", "rows.csv", "-o", "rows.csv"], "must be another one than that of the rows, got rows.csv"),
        (["late.model", "rows.csv", "-o", "out.csv.zip"], "out.csv.zip must not be a .zip"),
        (["late.model", "rows.csv", "-o", "out.parquet.gz"], "out.parquet.gz must end in .csv, .tsv or .parquet"),
        (["late.model", "empty.csv"], "empty.csv has no rows"),
        (["late.model", "long.csv"], "long.csv has rows with more cells than there are names of columns"),
    ],
)  # fmt: skip
def test_errors_are_sentences(folder, arguments, message, capsys):
    (folder / "few.csv").write_text("number,flag\n1,True\n")
    (folder / "empty.csv").write_text("number,text,grade,flag\n")
    (folder / "long.csv").write_text("number,text,grade,flag\n1,a,b,True,5\n")
    (folder / "wrong.csv").write_bytes(b"number,text,grade,flag\n1,2,3,4,5,6\n\xff\xfe\n")
    save_model(fitted("encoder")[0], "encoder.model")
    assert main(["predict", *arguments]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("command", ["warmup", "predict", "describe", "export"])
def test_help_of_a_command_shows_an_example(command, capsys):
    with pytest.raises(SystemExit, match="0"):
        main([command, "--help"])
    assert f"example: python -m skensemble {command}" in capsys.readouterr().out


@pytest.mark.parametrize("out", ["out.csv", "out.parquet"])
def test_a_file_of_predictions_is_whole_or_not_there(folder, out, capsys):
    lines = TABLE.to_csv(index=False).splitlines()
    (folder / "late.csv").write_text("\n".join([*lines[:50], "1,2,3,4,5,6,7", *lines[50:]]))  # wrong in the second part
    (folder / "out.csv").write_text("of before")
    assert main(["predict", "late.model", "late.csv", "-o", out]) == 2
    assert "30 rows" in capsys.readouterr().err
    assert (folder / "out.csv").read_text() == "of before"
    assert sorted(path.name for path in folder.glob("*out*")) == ["out.csv"]
