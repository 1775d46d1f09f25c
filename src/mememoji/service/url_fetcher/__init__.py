"""Images fetched by URL without reaching private networks (SSRF protection)."""
