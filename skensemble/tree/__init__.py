"""Decision trees: the engines that grow them, what they grow into, and the estimators of single trees."""
