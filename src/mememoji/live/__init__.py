"""The live window: faces of a camera as they are, and what they show. The only room with Qt."""
