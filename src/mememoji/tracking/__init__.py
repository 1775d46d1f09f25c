"""Faces followed through frames: detection in regions of interest, track numbers, smoothing."""
