"""What tests of several rooms share."""

from collections.abc import Iterator

import pytest

from tests.dovecot import Dovecot, running


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """Give the test process a Dovecot; each test takes a user of its own."""
    with running() as server:
        yield server
