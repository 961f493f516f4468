"""What one execution costs, measured side by side with nginx on the same machine (`make bench`)."""
