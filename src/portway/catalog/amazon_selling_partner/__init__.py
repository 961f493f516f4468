"""Amazon Selling Partner."""
