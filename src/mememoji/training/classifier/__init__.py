"""Training of the expression classifier."""
