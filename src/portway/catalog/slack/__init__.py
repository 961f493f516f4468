"""Slack (https://docs.slack.dev)."""
