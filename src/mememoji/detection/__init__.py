"""Where the faces are: the detector protocol, and the detectors that come with it."""
