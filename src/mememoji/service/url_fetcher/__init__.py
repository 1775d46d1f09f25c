"""Images fetched by URL without access to private networks (protection against SSRF)."""
