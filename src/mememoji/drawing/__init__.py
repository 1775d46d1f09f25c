"""Drawings: annotated copies of images, meme faces, feature maps."""
