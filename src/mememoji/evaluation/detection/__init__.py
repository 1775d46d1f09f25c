"""Evaluation of face detectors: matching, precision and recall, reports."""
