"""The companion for household-budget apps: from the first step to the linked app."""
