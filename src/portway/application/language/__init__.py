"""What the JSON documents of a row may say: typed, described by JSON Schemas, read once for each version of a row."""
