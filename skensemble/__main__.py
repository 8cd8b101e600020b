"""Command line: compile every kernel once (warmup), predict the rows of a file, describe or export a model."""

import argparse
import os
import sys

import skensemble
from skensemble.exported._export import TARGETS
from skensemble.serving._description import describe
from skensemble.serving._predicted_table import predict_file


def main(arguments=None):
    """Run one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except BrokenPipeError:  # whoever reads the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (ValueError, TypeError, OSError, ImportError) as error:
        print(f"{options.name}: {error}", file=sys.stderr)
        return 2


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


def _predict(options):
    model = skensemble.load_model(options.model)
    report = None if options.quiet else _print_rows
    n_rows = predict_file(model, options.table, options.out, sys.stdout, report)
    if not options.quiet:
        print(f"\r{n_rows} rows predicted.", file=sys.stderr)
    return 0


def _print_rows(n_rows):
    print(f"\r{n_rows} rows", end="", file=sys.stderr, flush=True)


def _describe(options):
    print(f"file: {options.model}, {os.path.getsize(options.model) / 1e6:.2f} MB")
    print("\n".join(describe(skensemble.load_model(options.model))))
    return 0


def _export(options):
    skensemble.export_model(skensemble.load_model(options.model), options.out, to=options.to)
    return 0


if __name__ == "__main__":
    sys.exit(main())
