"""Twilio's messages, calls and phone numbers (https://www.twilio.com/docs/usage/api)."""
