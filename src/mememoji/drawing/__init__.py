"""Boxes and composition bars, drawn on copies."""
