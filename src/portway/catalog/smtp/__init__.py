"""Mail over SMTP (RFC 5321), to any server: a service that does not speak HTTP."""
