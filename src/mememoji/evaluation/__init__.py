"""Evaluation of classifiers and detectors: metrics in plain numpy, calibration, reports and their figures."""
