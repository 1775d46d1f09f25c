"""Face detection: the detector interface and the detectors that ship with the package."""
