"""Tracking of faces across frames: regions of interest, track IDs, smoothing."""
