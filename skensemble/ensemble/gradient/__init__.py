"""First-order gradient boosting."""
