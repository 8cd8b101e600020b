"""Command line: `python -m skensemble warmup` compiles every kernel once."""

import argparse
import sys

import skensemble


def main(arguments=None):
    """Run one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    return options.run()


def _parser():
    parser = argparse.ArgumentParser(prog="python -m skensemble", description="Tree ensembles for scikit-learn users.")
    parser.add_argument("--version", action="version", version=f"skensemble {skensemble.__version__}")
    commands = parser.add_subparsers(metavar="command", required=True)
    warmup = commands.add_parser("warmup", help="compile every kernel once and keep it in the cache on disk")
    warmup.set_defaults(run=_warm_up)
    return parser


def _warm_up():
    print("Compiling the kernels of skensemble. This is needed once per machine; later runs load them from disk.")
    seconds = skensemble.warm_up(report=_print_step)
    print(f"Ready after {seconds:.1f} s.")
    return 0


def _print_step(number, n_steps, title, seconds):
    if seconds is None:
        print(f"  [{number:>2}/{n_steps}] {title:<34}", end="", flush=True)
    else:
        print(f"{seconds:6.1f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
