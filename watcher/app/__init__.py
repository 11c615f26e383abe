"""The running program: one loop that judges, records and notifies."""
