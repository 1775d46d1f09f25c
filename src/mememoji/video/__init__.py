"""Video: frames in, a timeline of faces out, in constant memory."""
