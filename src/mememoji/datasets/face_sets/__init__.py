"""Face sets: faces of any origin in one Parquet file, with label, trust and source."""
