"""OAuth over the wire: token endpoints of services, and the keys of outside issuers."""
