"""One mistake in a configuration file."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from watcher.i18n import Language, Text


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: the key, and the reason with its remedy."""

    key: str
    text: Text
    data: Mapping[str, object] = field(default_factory=dict)
    meant: str | None = None
    """The key that is meant, where another was written: it is not missing as well."""

    def say(self, language: Language) -> str:
        """Return the mistake as a line for the user."""
        return f"{self.key}: {self.text.say(language, **self.data)}"


def keys_in(problems: list[Problem]) -> set[str]:
    """Return the keys of which something was told."""
    return {key for one in problems for key in (one.key, one.meant) if key}
