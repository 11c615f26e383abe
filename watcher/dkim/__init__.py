"""Proves who signed a mail: `verify` on raw bytes, with the `keys` of the signer."""
