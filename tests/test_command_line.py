"""`python -m skensemble`: predictions of files, descriptions of models, errors as sentences."""

import gzip
import io
from decimal import Decimal

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


def _write_wrong_files(folder):
    """Models and tables with one thing wrong each."""
    models = {"encoder": "encoder", "generator": "rectified flow", "plain": "tree of numbers"}
    for name, kind in models.items():
        save_model(fitted(kind)[0], f"{name}.model")
    save_model(DecisionTreeRegressor(), "unfitted.model")
    content = (folder / "late.model").read_bytes()
    (folder / "cut.model").write_bytes(content[:-9])
    (folder / "folder").mkdir()
    (folder / "folder.csv").mkdir()
    tables = {
        "few": "number,flag\n1,True\n",
        "empty": "number,text,grade,flag\n",
        "nothing": "",
        "long": "number,text,grade,flag\n1,a,b,True,5\n",
        "twice": "number,text,grade,flag,number\n1,a,1,True,2\n",
        "words": "number,text,grade,flag\n1,a,1,True\nmany,a,1,True\n",
        "commas": 'number,text,grade,flag\n"1,5",a,1,True\n',
        "semicolons": "number;text;grade;flag\n1;a;1;True\n",
        "headless": "0.5,1.5,2.5\n1,2,3\n",
        "two": "a,b\n1,2\n",
    }
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text)
    (folder / "wrong.csv").write_bytes(b"number,text,grade,flag\n1,2,3,4,5,6\n\xff\xfe\n")
    whole = gzip.compress(TABLE.to_csv(index=False).encode())
    for suffix in (".gz", ".bz2", ".xz", ".zip"):
        (folder / f"noise.csv{suffix}").write_bytes(b"noise" * 9)
    (folder / "cut.csv.gz").write_bytes(whole[: len(whole) // 2])
    TABLE.iloc[:0].to_parquet("empty.parquet")
    TABLE.assign(number=pd.Timestamp("2024-01-01")).to_parquet("dates.parquet")
    TABLE.assign(number=[[1.0]] * len(TABLE)).to_parquet("lists.parquet")
    (folder / "noise.parquet").write_bytes(b"noise" * 9)
    (folder / "cut.parquet").write_bytes((folder / "dates.parquet").read_bytes()[:-99])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("late.model absent.csv", "predict: absent.csv is not there."),
        ("absent.model rows.csv", "predict: absent.model is not there."),
        ("folder rows.csv", "predict: folder must be a file, and is a folder."),
        ("late.model folder.csv", "predict: folder.csv must be a file, and is a folder."),
        ("rows.csv rows.csv", "predict: rows.csv cannot be loaded as a model: it does not begin with a header"),
        ("cut.model rows.csv", "predict: cut.model cannot be loaded as a model: its checksum does not fit"),
        ("encoder.model rows.csv", "predict: TableEncoder does not predict"),
        ("generator.model rows.csv", "predict: RectifiedFlow does not predict: its models sample"),
        ("unfitted.model rows.csv", "predict: the model, a DecisionTreeRegressor, has not been fitted."),
        ("late.model rows.txt", "predict: rows.txt must end in .csv, .tsv or .parquet"),
        (
            "late.model few.csv",
            "the columns that the model was fitted to, and lacks 'text', 'grade'; it has 'number'",
        ),
        ("late.model semicolons.csv", "and lacks 'number', 'text', 'grade', 'flag'; it has 'number;text;grade;flag'."),
        ("late.model wrong.csv", "predict: wrong.csv cannot be read: "),
        ("late.model noise.csv.gz", "predict: noise.csv.gz cannot be read: "),
        ("late.model noise.csv.bz2", "predict: noise.csv.bz2 cannot be read: "),
        ("late.model noise.csv.xz", "predict: noise.csv.xz cannot be read: "),
        ("late.model noise.csv.zip", "predict: noise.csv.zip cannot be read: "),
        ("late.model cut.csv.gz", "predict: cut.csv.gz cannot be read: "),
        ("late.model noise.parquet", "predict: noise.parquet cannot be read: "),
        ("late.model cut.parquet", "predict: cut.parquet cannot be read: "),
        ("late.model nothing.csv", "predict: nothing.csv is empty."),
        ("late.model empty.csv", "predict: empty.csv has no rows."),
        ("late.model empty.parquet", "predict: empty.parquet has no rows."),
        ("late.model long.csv", "long.csv has rows with more cells than there are names of columns"),
        ("late.model twice.csv", "twice.csv must have one column 'number', and has 2."),
        ("late.model words.csv", "words.csv has rows that the model cannot predict: "),
        ("late.model commas.csv", "commas.csv has rows that the model cannot predict: "),
        ("late.model dates.parquet", "dates.parquet has rows that the model cannot predict: "),
        ("late.model lists.parquet", "lists.parquet has rows that the model cannot predict: "),
        ("plain.model headless.csv", "must have names of columns in its first line, and has numbers there: '0.5', "),
        ("plain.model two.csv", "two.csv has rows that the model cannot predict: X has 2 features, but "),
        ("late.model rows.csv -o rows.csv", "must be another one than that of the rows, got rows.csv"),
        ("late.model rows.csv -o out.csv.zip", "out.csv.zip must not be a .zip"),
        ("late.model rows.csv -o out.parquet.gz", "out.parquet.gz must end in .csv, .tsv or .parquet"),
        ("late.model rows.csv -o folder.csv", "folder.csv must be a file to write, and is a folder."),
        ("late.model rows.csv -o absent/out.csv", "the folder of absent/out.csv is not there: make it first."),
        ("late.model rows.csv -o absent/out.parquet", "the folder of absent/out.parquet is not there: make it first."),
    ],
)
def test_errors_are_sentences(folder, arguments, message, capsys):
    _write_wrong_files(folder)
    files = sorted(folder.rglob("*"))
    assert main(["predict", *arguments.split()]) == 2
    written = capsys.readouterr()
    assert message in written.err
    assert written.err.count("\n") == 1
    assert written.out == ""
    assert sorted(folder.rglob("*")) == files


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("describe absent.model", "describe: absent.model is not there."),
        ("describe cut.model", "describe: cut.model cannot be loaded as a model: its checksum does not fit"),
        ("describe folder", "describe: folder must be a file, and is a folder."),
        ("export absent.model --to c -o out", "export: absent.model is not there."),
        ("export cut.model --to c -o out", "export: cut.model cannot be loaded as a model: its checksum does not fit"),
        (
            "export generator.model --to c -o out",
            "export: model must be a tree, forest or booster of skensemble, got Rect",
        ),
        ("export unfitted.model --to c -o out", "export: This DecisionTreeRegressor instance is not fitted yet"),
        ("export late.model --to c -o absent/late.c", "export: the folder of absent/late.c is not there"),
        ("export late.model --to c -o folder", "export: folder must be a file to write, and is a folder."),
        ("export late.model --to c -o late.model", "the file to write must be another one than that of the model"),
    ],
)
def test_errors_of_descriptions_and_exports_are_sentences(folder, arguments, message, capsys):
    _write_wrong_files(folder)
    assert main(arguments.split()) == 2
    written = capsys.readouterr()
    assert message in written.err
    assert written.err.count("\n") == 1
    assert written.out == ""
    assert not (folder / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("export late.model --to coreml -o late.mlmodel", "invalid choice: 'coreml'"),
        ("export late.model --to c", "the following arguments are required: -o/--out"),
        ("predict late.model", "the following arguments are required: table"),
        ("predicts late.model", "invalid choice: 'predicts'"),
    ],
)
def test_wrong_arguments_show_the_usage(folder, arguments, message, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(arguments.split())
    written = capsys.readouterr().err
    assert written.startswith("usage: python -m skensemble")
    assert message in written


@pytest.mark.parametrize(
    "changed",
    [
        {"number": pd.array(np.arange(80) % 5, "Int64")},
        {"number": [Decimal(k % 5) / 2 for k in range(80)]},
        {"number": [str(k % 5) for k in range(80)]},
        {"text": pd.Categorical(TABLE["text"]), "grade": TABLE["grade"].astype(float).astype(str)},
        {"grade": TABLE["grade"].astype(float), "flag": TABLE["flag"].astype(int)},
        {"flag": np.where(TABLE["flag"], "True", "False")},
        {"grade": None, "flag": None},
    ],
    ids=str,
)
def test_other_dtypes_of_the_same_cells(folder, changed, capsys):
    """Files hold other types than the table of fit: what predicts in Python predicts there."""
    rows = TABLE.assign(**changed)
    model, _ = fitted("held out")
    rows.to_parquet("others.parquet")
    assert main(["predict", "-q", "late.model", "others.parquet"]) == 0
    found = pd.read_csv(io.StringIO(capsys.readouterr().out))
    np.testing.assert_allclose(found["probability_True"], model.predict_proba(rows)[:, 1], rtol=1e-12)


@pytest.mark.filterwarnings("default")
def test_warnings_are_sentences(folder, capsys):
    TABLE.assign(text="another").to_csv("others.csv", index=False)
    assert main(["predict", "-q", "late.model", "others.csv"]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("predict: ")
    assert "'text'" in lines[0]


def test_models_of_other_models_predict_files(folder, capsys):
    model, rows = fitted("adaboost of forests")
    save_model(model, "boosted.model")
    pd.DataFrame(rows).to_csv("plain.csv", index=False)
    assert main(["predict", "-q", "boosted.model", "plain.csv"]) == 0
    found = pd.read_csv(io.StringIO(capsys.readouterr().out))
    np.testing.assert_array_equal(found["prediction"], model.predict(rows))


def test_texts_of_columns_without_names(folder, capsys):
    cells = np.array([["01", 1.0], ["1", 2.0], ["NA", 3.0], ["02", 4.0]] * 20, object)
    model = DecisionTreeRegressor(min_frequency=1).fit(cells, np.arange(80) % 4)
    save_model(model, "codes.model")
    pd.DataFrame(cells).to_csv("codes.csv", index=False)
    assert main(["predict", "-q", "codes.model", "codes.csv"]) == 0
    found = pd.read_csv(io.StringIO(capsys.readouterr().out))["prediction"]
    np.testing.assert_array_equal(found, np.arange(80) % 4)


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
