"""Builds the documentation site: reference pages from the code, a strict build, and a check of the built pages."""
