"""Second-order gradient boosting."""
