"""Evaluation of classifiers: scores on splits and labeled images, reports and figures."""
