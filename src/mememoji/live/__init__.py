"""The live window: the faces of a camera, and what they show. The only package with Qt."""
