"""What the JSON documents of a row may say: typed, described by JSON Schemas, compiled once for each version of a row."""
