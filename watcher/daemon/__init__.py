"""What runs for as long as the machine is on: one loop, one inbox, one lock."""
