"""Makes `python -m watcher` equal `watcher`."""

import sys

from watcher.cli import main

sys.exit(main())
