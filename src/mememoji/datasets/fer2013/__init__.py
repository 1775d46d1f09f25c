"""FER2013 and FER+: readers of their common formats, and the prepared dataset."""
