"""Rounds of boosting over codes that are there row by row only, and when a fit makes do with these."""

from skensemble._mapped_arrays import let_go
from skensemble.distributed._batch_table import BatchTable
from skensemble.ensemble.newton._tree_rounds import TreeRounds
from skensemble.tree.histogram._blocked_grower import BlockedGrower

MANY_CELLS = 1 << 25  # of a table; smaller ones grow faster with all that a TreeGrower keeps


class BlockedRounds(TreeRounds):
    """State between rounds."""

    def __init__(self, loss, train, held_out, settings):
        let_go(train.y)  # which the baseline was read from
        super().__init__(loss, train, held_out, settings)
        kept, targets = train.binned.kept, self.targets
        self.targets = targets._replace(gradient=kept(targets.gradient), hessian=kept(targets.hessian))

    @staticmethod
    def _fill_block(loss, train, targets, start, stop):
        TreeRounds._fill_block(loss, train, targets, start, stop)
        for numbers in (train.y, targets.gradient, targets.hessian):
            let_go(numbers[..., start:stop])

    def _make_growers(self):
        self._threads_of_tree = self.settings.n_threads
        return [BlockedGrower(self.train.binned, self.settings.limits, **self._grower_settings())]


def grows_in_blocks(table, parameters):
    """Do trees grow over codes by rows?  Those of a large table that comes in batches, if they grow level by level.

    parameters : of booster "gbtree", without linear leaves
    """
    is_large = isinstance(table, BatchTable) and table.n_samples * table.n_features >= MANY_CELLS
    return is_large and parameters.grow_policy == "symmetric"
