"""Shows the whole program at work, with nothing of the user's own."""
