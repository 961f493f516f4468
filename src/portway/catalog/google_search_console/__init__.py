"""Google Search Console."""
