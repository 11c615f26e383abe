"""The event log: what happened, once each, and what must survive a restart."""
