"""Use cases. They speak to the world through ports only."""
