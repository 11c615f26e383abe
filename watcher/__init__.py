"""Watches mailboxes for Amazon's sign-in attempts and tells the user at once."""
