"""What time it truly is by clocks that may be wrong, and when an attempt is over."""
