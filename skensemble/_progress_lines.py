"""Lines in the terminal about a long fit: what is done, of how many, how well, and how long the rest will take."""

from time import perf_counter

from skensemble._parameters import Interval, IsBool, Parameter

IS_VERBOSE = (Interval(int, 0), IsBool)


def verbose(of_what, each):
    """The parameter `verbose` of an estimator that prints ProgressLines."""
    text = f"Whether to print progress. 1: a line for each tenth of the {of_what}. 2: a line for each {each}."
    return Parameter(0, IS_VERBOSE, "int or bool", text)


class ProgressLines:
    """Prints a line for each tenth of the steps if `verbose` is 1, one for each step if it is more, else nothing.

    n_steps : int, maximum number of steps to come
    """

    def __init__(self, verbose, n_steps):
        self.verbose, self.n_steps, self.n_done, self.clock = verbose, n_steps, 0, Clock()
        self.interval = 1 if verbose > 1 else max(1, n_steps // 10)

    def step(self, text=""):
        """After the next step."""
        self.report(self.n_done + 1, text)

    def report(self, n_done, text=""):
        """After so many steps."""
        self.n_done = n_done
        if self.verbose and (n_done % self.interval == 0 or n_done == self.n_steps):
            print(f"[{n_done}/{self.n_steps}] {text}{', ' if text else ''}{self.clock.left(n_done, self.n_steps)}")


class Clock:
    """Starts when it is made."""

    def __init__(self):
        self.begin = perf_counter()

    def left(self, n_done, n_steps):
        """About how long the other steps will take, in words."""
        seconds = (perf_counter() - self.begin) * (n_steps - n_done) / n_done
        return f"{seconds / 60:.1f} min left" if seconds > 60 else f"{seconds:.1f} s left"
