"""Features of blocks: one family a file, one registry (`matrix`) for names and order."""
