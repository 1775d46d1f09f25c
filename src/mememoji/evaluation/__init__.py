"""How well a classifier reads a split: metrics in plain numpy, the report and its figures."""
