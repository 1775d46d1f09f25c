"""Photos remembered: what was found in them, what people said of it, and the pictures if wanted."""
