"""Command line: compile every kernel once (warmup), predict the rows of a file, describe or export a model."""

import argparse
import os
import sys
import warnings

import skensemble
from skensemble.exported._export import TARGETS
from skensemble.serving._description import describe
from skensemble.serving._predicted_table import predict_file
from skensemble.serving._table_files import check_can_be_written, check_is_file


def main(arguments=None):
    """Run one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _teller_of_warnings(options)
            return options.run(options)
    except BrokenPipeError:  # whoever reads the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130  # as of a program that the signal ends
    except (ValueError, TypeError, OSError, ImportError) as error:
        _tell(options, error)
        return 2


def _teller_of_warnings(options):
    """What shows a warning, each one once: a file is predicted in parts, all of which may cause it."""
    told = set()

    def show(message, *where):
        if str(message) not in told:
            told.add(str(message))
            _tell(options, message)

    return show


def _tell(options, message):
    """A line about what is wrong, also where the message has several, as those of readers of tables do."""
    print(f"{options.name}: {' '.join(str(message).split())}", file=sys.stderr)


def _parser():
    parser = argparse.ArgumentParser(prog="python -m skensemble", description="Tree ensembles for scikit-learn users.")
    parser.add_argument("--version", action="version", version=f"skensemble {skensemble.__version__}")
    commands = parser.add_subparsers(metavar="command", required=True, dest="name")

    def add(name, text, example, run):
        epilog = f"example: {parser.prog} {example}"
        command = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.", epilog=epilog)
        command.set_defaults(run=run)
        return command

    add("warmup", "compile every kernel once and keep it in the cache on disk", "warmup", _warm_up)
    predict = add(
        "predict",
        "predict the rows of a CSV or Parquet file by a saved model",
        "predict model.safetensors homes.csv --out prices.csv",
        _predict,
    )
    predict.add_argument("model", help="file that save_model wrote")
    predict.add_argument("table", help=".csv, .tsv or .parquet")
    predict.add_argument("-o", "--out", help="file for the predictions; CSV to the standard output without it")
    predict.add_argument("-q", "--quiet", action="store_true", help="print no progress")
    description = add("describe", "say in a few lines what a saved model is", "describe model.safetensors", _describe)
    description.add_argument("model", help="file that save_model wrote")
    export = add(
        "export",
        "write a saved model as another library or program reads it",
        "export model.safetensors --to onnx --out model.onnx",
        _export,
    )
    export.add_argument("model", help="file that save_model wrote")
    export.add_argument("--to", required=True, choices=sorted(TARGETS), help="the format")
    export.add_argument("-o", "--out", required=True, help="file to write")
    return parser


def _warm_up(options):
    print("Compiling the kernels of skensemble. This is needed once per machine; later runs load them from disk.")
    seconds = skensemble.warm_up(report=_print_step)
    print(f"Ready after {seconds:.1f} s.")
    return 0


def _print_step(number, n_steps, title, seconds):
    if seconds is not None:
        print(f"  [{number:>2}/{n_steps}] {title:<42}{seconds:6.1f} s", flush=True)


def _load(path):
    check_is_file(path)
    return skensemble.load_model(path)


def _predict(options):
    model = _load(options.model)
    reported = []

    def report(n_rows):
        reported.append(n_rows)
        print(f"\r{n_rows} rows", end="", file=sys.stderr, flush=True)

    try:
        n_rows = predict_file(model, options.table, options.out, sys.stdout, None if options.quiet else report)
    except BaseException:
        if reported:
            print(file=sys.stderr)  # what went wrong has a line of its own
        raise
    if not options.quiet:
        print(f"\r{n_rows} rows predicted.", file=sys.stderr)
    return 0


def _describe(options):
    lines = describe(_load(options.model))
    print("\n".join([f"file: {options.model}, {os.path.getsize(options.model) / 1e6:.2f} MB", *lines]))
    return 0


def _export(options):
    model = _load(options.model)
    check_can_be_written(options.out)
    if os.path.exists(options.out) and os.path.samefile(options.out, options.model):
        raise ValueError(f"the file to write must be another one than that of the model, got {options.out}.")
    skensemble.export_model(model, options.out, to=options.to)
    return 0


if __name__ == "__main__":
    sys.exit(main())
