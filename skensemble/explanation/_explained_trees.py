"""ExplainedTrees: what can be said about the predictions of a sum of trees."""

from dataclasses import dataclass

from skensemble.explanation._path_values import path_values
from skensemble.tree.trees._additive_trees import AdditiveTrees


@dataclass(frozen=True, eq=False)
class ExplainedTrees:
    """A sum of trees that can be explained.

    additive : AdditiveTrees
    slopes : what the leaves add besides constants, as LeafSlopes of boosting; None: nothing
    """

    additive: AdditiveTrees
    slopes: object = None

    @property
    def output_names(self):
        return self.additive.output_names

    def values(self, table, *, output, index, interactions, n_threads):
        """(values (n_samples, n_features, n_outputs), base_values (n_outputs,)); see `explain`.

        With interactions, values have n_features twice in their shape.
        """
        link = self.additive.link.name
        if output == "response" and link != "identity":
            raise ValueError(
                f"output must be 'raw' for a model with link {link!r}, since no exact values of its response are "
                "known, got 'response'."
            )
        return path_values(
            self.additive, table, table.n_features, slopes=self.slopes, index=index, interactions=interactions,
            n_threads=n_threads,
        )  # fmt: skip
