"""Words notifications and shows them on the first channel that works."""
