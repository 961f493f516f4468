"""MailerLite."""
