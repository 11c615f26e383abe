"""The configuration file: TOML in, a frozen `Config` or all its mistakes out."""
