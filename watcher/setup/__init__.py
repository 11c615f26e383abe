"""Sets watcher up on a machine, and checks that it works there."""
