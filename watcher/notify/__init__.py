"""Brings words to the user's eyes, by the first channel that answers."""
