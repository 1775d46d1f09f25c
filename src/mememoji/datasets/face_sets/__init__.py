"""Face sets: labeled and unlabeled faces of any origin, cropped with context for training."""
