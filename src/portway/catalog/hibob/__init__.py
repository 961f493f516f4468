"""HiBob."""
