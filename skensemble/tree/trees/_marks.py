"""Numbers that stand for nothing in the arrays of trees."""

NO_CHILD = -1
NO_FEATURE = -1
NUMERIC = -1  # in category_start: the split compares with a threshold
ALL_OUTPUTS = -1  # in output: every leaf holds one value per output
