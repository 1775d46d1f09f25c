"""Expression classification: alignment and cropping, model cards, the classifiers and the shipped weights."""
