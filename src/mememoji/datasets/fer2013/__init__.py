"""FER2013 and FER+: readers for each form they are distributed in, and the prepared dataset."""
