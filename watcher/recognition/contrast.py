"""Tells whether a reader can tell the text of a mail from what it stands on.

By the styles and the older attributes of HTML. What cannot be read as a colour, as a
picture, is another one than all that can.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from watcher.recognition import elements
from watcher.recognition.colours import Colour, colour_in, old_colour
from watcher.recognition.css import Styles

LOWEST_CONTRAST = 1.2
"""Of WCAG 2.2's ratio, 1 to 21: below, text is as good as hidden; it asks for 4.5."""

_BLACK, _WHITE = Colour(0.0, 0.0, 0.0), Colour(1.0, 1.0, 1.0)
_LINK = Colour(0.0, 0.0, 238 / 255)

_GROUNDED = elements.TABLE - {"caption"} | {"body"}
"""Elements whose attributes may name what they stand on."""

_PICTURE = re.compile(r"url\(|gradient\(|image|cross-fade\(|element\(")


class Paint(NamedTuple):
    """What text is written in, and on; None: what is not known."""

    text: Colour | None
    ground: Colour | None
    link: Colour = _LINK
    """What the text of an anchor is written in."""
    fill: Colour | None = None
    """What is shown instead of the colour of the text, if it is set."""

    def within(
        self, name: str, styles: Styles, attributes: Mapping[str, str]
    ) -> "Paint":
        """Return the paint of an element of this name that stands on this one."""
        if not styles and not attributes:
            return self
        link, text, ground = self.link, self.text, self.ground
        if name == "body":
            link = old_colour(attributes.get("link", "")) or link
            text = old_colour(attributes.get("text", "")) or text
        elif name == "a" and "href" in attributes:
            text = link
        elif name == "font":
            text = old_colour(attributes.get("color", "")) or text
        if name in _GROUNDED:
            ground = old_colour(attributes.get("bgcolor", "")) or ground
            if attributes.get("background"):
                ground = None
        text, fill = self._written(text, styles)
        ground = self._stood_on(ground, styles, fill or text)
        paint = Paint(text, ground, link, fill)
        return self if paint == self else paint

    def _written(
        self, default: Colour | None, styles: Styles
    ) -> tuple[Colour | None, Colour | None]:
        """Return what the text is written in, and what is shown instead."""
        text, fill = default, self.fill
        for style, (value, *_) in styles.items():
            if style == "color" and value in ("inherit", "unset", "currentcolor"):
                text = self.text
            elif style == "color" and value == "revert":
                text = default
            elif style == "color":
                text = _BLACK if value == "initial" else colour_in(value) or text
            elif style == "-webkit-text-fill-color":
                is_around = value in ("inherit", "unset", "revert")
                fill = self.fill if is_around else colour_in(value)
        return text, fill

    def _stood_on(
        self, ground: Colour | None, styles: Styles, text: Colour | None
    ) -> Colour | None:
        """Return what the element stands on."""
        is_picture = False
        for style, (value, *_) in styles.items():
            if style == "background-image":
                is_picture = bool(_PICTURE.search(value))
            elif style == "background" and _PICTURE.search(value):
                is_picture = True
            elif style in ("background", "background-color"):
                is_picture &= style == "background-color"
                colour = text if "currentcolor" in value else colour_in(value)
                ground = self._under(colour)
        return None if is_picture else ground

    def _under(self, colour: Colour | None) -> Colour | None:
        """Return what is seen of this ground under a colour."""
        if colour is None or not colour.alpha:
            return self.ground
        if colour.alpha == 1:
            return colour
        return self.ground and colour.over(self.ground)

    @property
    def is_seen(self) -> bool:
        """Whether the text stands out."""
        text = self.fill or self.text
        if text is None or self.ground is None:
            return True
        darker, lighter = sorted(map(_luminance, (text, self.ground)))
        return (lighter + 0.05) / (darker + 0.05) >= LOWEST_CONTRAST


PLAIN = Paint(_BLACK, _WHITE)
"""What a mail begins with."""

UNKNOWN = Paint(None, None)
"""It begins with this where a rule that is not read may set the colours."""

FAINT = frozenset({"contrast"})
"""What hides text that cannot be told from what it stands on."""


def _luminance(colour: Colour) -> float:
    """Return the relative luminance (WCAG 2.2), 0 to 1."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in colour[:3]
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
