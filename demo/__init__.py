"""The demonstration: a tour of Portway against stand-ins for Google and Slack."""
