"""The reference that `watcher help` prints, generated from the code."""
