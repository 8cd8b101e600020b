"""ExplainedTrees: what can be said about the predictions of a sum of trees."""

from dataclasses import dataclass

from skensemble._parameters import ParameterError
from skensemble.explanation._background_interactions import background_interactions
from skensemble.explanation._background_values import background_values, response_values
from skensemble.explanation._path_values import path_values
from skensemble.explanation._response_values import check_response, responses
from skensemble.tree.trees._additive_trees import AdditiveTrees


@dataclass(frozen=True, eq=False)
class ExplainedTrees:
    """A sum of trees that can be explained.

    additive : AdditiveTrees
    has_means : bool
        Whether lines of leaves know the means of their features, at which absent ones stand without a background.
    """

    additive: AdditiveTrees
    has_means: bool = True

    @property
    def output_names(self):
        return self.additive.output_names

    def values(self, table, *, background, output, index, interactions, n_threads):
        """(values (n_samples, n_features, n_outputs), base_values (n_outputs,)); see `explain`.

        With interactions, values have n_features twice in their shape.
        background : Table or None
        """
        link = self.additive.link
        has_link = output == "response" and link.name != "identity"
        if has_link:
            check_response(link, background, interactions)
        if background is None and self.additive.slopes is not None and not self.has_means:
            raise ParameterError(
                "background must be a table for this model with linear leaves, which was imported from another "
                "library: it does not hold the means of features, where those that are not known would stand. Take "
                "100 to 1000 of the training rows."
            )
        shared = {"index": index, "n_threads": n_threads}
        if background is None:
            return path_values(self.additive, table, table.n_features, interactions=interactions, **shared)
        base = self.additive.raw(background, n_threads)
        if has_link:
            values = response_values(self.additive, table, background, **shared)
            return values, responses(link, base).mean(axis=0)
        against = background_interactions if interactions else background_values
        return against(self.additive, table, background, **shared), base.mean(axis=0)
