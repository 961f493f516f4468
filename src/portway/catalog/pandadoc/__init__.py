"""PandaDoc."""
