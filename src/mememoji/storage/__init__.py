"""Images remembered: what was found in them, what people said of it, and the images if wanted."""
