"""The services that Portway knows: one folder each, definitions in YAML beside the code they need."""
