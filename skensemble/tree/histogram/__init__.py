"""The engine of boosting: trees grown by histograms of gradients."""
