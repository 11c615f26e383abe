"""Checks everything that can go wrong with watcher on a machine (contract §5)."""
