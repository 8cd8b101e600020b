"""Measure skensemble beside other libraries and write the tables.

    python benchmarks/run.py [--quick] [--only fit,predict,...] [--out FILE.md]

Every question has a file of its own, and gives rows of figures.
"""

import argparse
import os
import time
from pathlib import Path

import adaboost
import differences
import distributions
import effects
import explanations
import exports
import fit
import flows
import forests
import gbdt
import generative
import imports
import large_tables
import losses
import memory
import mixed_tables
import model_files
import more_than_memory
import networks
import newton_boosters
import options
import predict
import quality
import ranking
import scaling
import stability
import start
import synthesizers
import workers
from peers import OTHERS, OURS, installed
from report import machine, markdown, write

QUESTIONS = {
    "fit": fit.run,
    "options": options.run,
    "predict": predict.run,
    "start": start.run,
    "memory": memory.run,
    "model_files": model_files.run,
    "more_than_memory": more_than_memory.run,
    "workers": workers.run,
    "scaling": scaling.run,
    "imports": imports.run,
    "exports": exports.run,
    "explanations": explanations.run,
    "effects": effects.run,
    "losses": losses.run,
    "forests": forests.run,
    "adaboost": adaboost.run,
    "gbdt": gbdt.run,
    "boosters": newton_boosters.run,
    "ranking": ranking.run,
    "generative": generative.run,
    "mixed_tables": mixed_tables.run,
    "synthesizers": synthesizers.run,
    "flows": flows.run,
    "distributions": distributions.run,
    "networks": networks.run,
    "stability": stability.run,
    "differences": differences.run,
    "quality": quality.run,
    "large_tables": large_tables.run,
}


def main():
    args = _arguments()
    print(_machine(), flush=True)
    reports = []
    for name in args.only:
        started = time.perf_counter()
        for report in QUESTIONS[name](quick=args.quick):
            print(markdown(report), flush=True)
            reports.append(report)
            write(reports, args.out, _machine())
        print(f"({name}: {time.perf_counter() - started:.0f} s)\n", flush=True)


def _arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small tables, one repeat: does everything work?")
    parser.add_argument("--only", type=_questions, default=list(QUESTIONS), help=f"some of {','.join(QUESTIONS)}")
    parser.add_argument("--out", type=Path, default=None, help="markdown file; the JSON goes beside it")
    args = parser.parse_args()
    if args.out is None:
        args.out = Path(__file__).parent / "results" / ("quick.md" if args.quick else "latest.md")
    return args


def _questions(text):
    names = text.split(",")
    if unknown := set(names) - set(QUESTIONS):
        raise argparse.ArgumentTypeError(f"must be some of {','.join(QUESTIONS)}, got {','.join(sorted(unknown))}")
    return names


def _machine():
    versions = ", ".join(f"{p.name} {p.version()}" for p in installed([OURS[0], *OTHERS], report=lambda line: None))
    return f"{machine()}; {versions}; load {os.getloadavg()[0]:.1f}"


if __name__ == "__main__":
    main()
