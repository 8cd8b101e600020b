"""
From a notebook to a service
============================

A model of flights is saved, described, and answers row by row in another process.

The file is data, no code: it says what the model is, and the service needs neither the table nor the script that fitted
it.  One row at a time, `predict` spends most of its time on checks that a service has made already.
"""

import os
import subprocess
import sys
from pathlib import Path
from time import perf_counter

import pandas as pd

from skensemble import NewtonBoostingClassifier, compile_predictor, load_model, save_model

FLIGHTS = Path(__file__).parent / "data" / "flights.csv.gz"
N_QUESTIONS = 200


def main():
    flights = pd.read_csv(FLIGHTS)
    X, y = flights.drop(columns="late"), flights["late"]
    model = NewtonBoostingClassifier(n_estimators=100, random_state=0).fit(X, y)

    save_model(model, "late.model")
    save_model(model, "slim.model", slim=True)
    for name in ("late.model", "slim.model"):
        print(f"{name}: {os.path.getsize(name) / 1e3:.0f} KB")
    subprocess.run([sys.executable, "-m", "skensemble", "describe", "slim.model"], check=True)

    serve(load_model("slim.model"), X[:N_QUESTIONS], model.predict_proba(X[:N_QUESTIONS])[:, 1])


def serve(model, questions, expected):
    """Answer row by row, by `predict_proba` and by a compiled predictor."""
    predictor = compile_predictor(model)
    rows = [predictor.encode(row) for row in questions.to_numpy(object)]
    ways = {
        "predict_proba": lambda k: model.predict_proba(questions[k : k + 1])[0, 1],
        "compiled": lambda k: predictor(rows[k])[1],
    }
    for name, answer in ways.items():
        answer(0)
        start = perf_counter()
        answers = [answer(k) for k in range(N_QUESTIONS)]
        microseconds = 1e6 * (perf_counter() - start) / N_QUESTIONS
        print(
            f"{name}: {microseconds:.0f} microseconds a row, {(answers == expected).mean():.0%} equal to the last bit"
        )


if __name__ == "__main__":
    main()
