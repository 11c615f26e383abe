"""Reads mailboxes: one thread an account, read-only, reports out of it."""
