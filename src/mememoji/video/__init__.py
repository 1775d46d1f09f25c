"""Video files: frames in, a timeline of the faces out, in constant memory."""
