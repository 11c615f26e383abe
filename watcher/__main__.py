"""Makes `python -m watcher` equal `watcher`; an old Python gets a sentence.

This file must parse under every Python 3.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 -- from a checkout, nobody else checks it
    sys.exit(
        "watcher needs Python 3.11 or newer, and this is Python %d.%d: "  # noqa: UP031 -- older than f-strings
        "install it from https://www.python.org/downloads/\n"
        "watcher には Python 3.11 以上が必要です(これは Python %d.%d です)。"
        "https://www.python.org/downloads/ から入れてください。"
        % (sys.version_info[:2] * 2)
    )

from watcher.cli import main

sys.exit(main())
