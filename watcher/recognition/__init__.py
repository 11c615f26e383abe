"""Judges mails: bytes in, verdicts out, and nothing else happens."""
