"""Access tokens that watcher fetches itself: the login, and the store."""
