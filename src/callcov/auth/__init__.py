"""Who is calling: keys, signed links, the server's secret."""
