"""Reads colours: those of CSS (Color Level 4, in part) and of old HTML."""

import colorsys
import re
from typing import NamedTuple


class Colour(NamedTuple):
    """Red, green, blue and how opaque it is, 0 to 1."""

    red: float
    green: float
    blue: float
    alpha: float = 1.0

    def over(self, ground: "Colour") -> "Colour":
        """Return what is seen of this one on an opaque other one."""
        part = self.alpha
        red, green, blue = (
            mine * part + other * (1 - part)
            for mine, other in zip(self[:3], ground[:3], strict=True)
        )
        return Colour(red, green, blue)


_NAMES = """
aliceblue:f0f8ff antiquewhite:faebd7 aqua:00ffff aquamarine:7fffd4 azure:f0ffff
beige:f5f5dc bisque:ffe4c4 black:000000 blanchedalmond:ffebcd blue:0000ff
blueviolet:8a2be2 brown:a52a2a burlywood:deb887 cadetblue:5f9ea0 chartreuse:7fff00
chocolate:d2691e coral:ff7f50 cornflowerblue:6495ed cornsilk:fff8dc crimson:dc143c
cyan:00ffff darkblue:00008b darkcyan:008b8b darkgoldenrod:b8860b darkgray:a9a9a9
darkgreen:006400 darkgrey:a9a9a9 darkkhaki:bdb76b darkmagenta:8b008b
darkolivegreen:556b2f darkorange:ff8c00 darkorchid:9932cc darkred:8b0000
darksalmon:e9967a darkseagreen:8fbc8f darkslateblue:483d8b darkslategray:2f4f4f
darkslategrey:2f4f4f darkturquoise:00ced1 darkviolet:9400d3 deeppink:ff1493
deepskyblue:00bfff dimgray:696969 dimgrey:696969 dodgerblue:1e90ff firebrick:b22222
floralwhite:fffaf0 forestgreen:228b22 fuchsia:ff00ff gainsboro:dcdcdc
ghostwhite:f8f8ff gold:ffd700 goldenrod:daa520 gray:808080 green:008000
greenyellow:adff2f grey:808080 honeydew:f0fff0 hotpink:ff69b4 indianred:cd5c5c
indigo:4b0082 ivory:fffff0 khaki:f0e68c lavender:e6e6fa lavenderblush:fff0f5
lawngreen:7cfc00 lemonchiffon:fffacd lightblue:add8e6 lightcoral:f08080
lightcyan:e0ffff lightgoldenrodyellow:fafad2 lightgray:d3d3d3 lightgreen:90ee90
lightgrey:d3d3d3 lightpink:ffb6c1 lightsalmon:ffa07a lightseagreen:20b2aa
lightskyblue:87cefa lightslategray:778899 lightslategrey:778899
lightsteelblue:b0c4de lightyellow:ffffe0 lime:00ff00 limegreen:32cd32 linen:faf0e6
magenta:ff00ff maroon:800000 mediumaquamarine:66cdaa mediumblue:0000cd
mediumorchid:ba55d3 mediumpurple:9370db mediumseagreen:3cb371 mediumslateblue:7b68ee
mediumspringgreen:00fa9a mediumturquoise:48d1cc mediumvioletred:c71585
midnightblue:191970 mintcream:f5fffa mistyrose:ffe4e1 moccasin:ffe4b5
navajowhite:ffdead navy:000080 oldlace:fdf5e6 olive:808000 olivedrab:6b8e23
orange:ffa500 orangered:ff4500 orchid:da70d6 palegoldenrod:eee8aa palegreen:98fb98
paleturquoise:afeeee palevioletred:db7093 papayawhip:ffefd5 peachpuff:ffdab9
peru:cd853f pink:ffc0cb plum:dda0dd powderblue:b0e0e6 purple:800080 red:ff0000
rosybrown:bc8f8f royalblue:4169e1 saddlebrown:8b4513 salmon:fa8072 sandybrown:f4a460
seagreen:2e8b57 seashell:fff5ee sienna:a0522d silver:c0c0c0 skyblue:87ceeb
slateblue:6a5acd slategray:708090 slategrey:708090 snow:fffafa springgreen:00ff7f
steelblue:4682b4 tan:d2b48c teal:008080 thistle:d8bfd8 tomato:ff6347
turquoise:40e0d0 violet:ee82ee wheat:f5deb3 white:ffffff whitesmoke:f5f5f5
yellow:ffff00 yellowgreen:9acd32 rebeccapurple:663399
canvas:ffffff canvastext:000000 linktext:0000ee window:ffffff windowtext:000000
"""
_NAMED = dict(pair.split(":") for pair in _NAMES.split())
NAMES = "|".join((*_NAMED, "currentcolor"))
_OTHERS = """
accentcolor accentcolortext activeborder activecaption activetext appworkspace
background buttonborder buttonface buttonhighlight buttonshadow buttontext captiontext
field fieldtext graytext highlight highlighttext inactiveborder inactivecaption
inactivecaptiontext infobackground infotext mark marktext menu menutext scrollbar
selecteditem selecteditemtext threeddarkshadow threedface threedhighlight
threedlightshadow threedshadow visitedtext windowframe currentcolor transparent
"""
"""Most are colours of the reader's desktop, which may be any."""

_KNOWN = frozenset({*_NAMED, *_OTHERS.split()})
_HEX = r"[0-9a-f]"
_PART = r"([0-9.]+)(%|deg)?"
_COLOUR = re.compile(
    rf"#({_HEX}{{8}}|{_HEX}{{6}}|{_HEX}{{3,4}})(?!{_HEX})"
    rf"|(rgb|hsl)a?\( ?{_PART}[ ,]+{_PART}[ ,]+{_PART}"
    r"(?:[ ,/]+([0-9.]+)(%)?)? ?\)"
    r"|(?<![\w-])([a-z]+)(?![\w(-])"
)
_TRANSPARENT = Colour(0.0, 0.0, 0.0, 0.0)
_LONGEST = 128
"""Characters of an old colour that count."""


def is_name(word: str) -> bool:
    """Return whether CSS knows a colour of this name."""
    return word in _KNOWN


def colour_in(value: str) -> Colour | None:
    """Return the first colour in a value; None if there is none."""
    colours = map(_colour_of, _COLOUR.finditer(value))
    return next((one for one in colours if one), None)


def old_colour(value: str) -> Colour | None:
    """Return the colour of an attribute (HTML §2.3.6), which may be any text."""
    text = value.strip(" \t\n\f\r").lower()
    if not text or text == "transparent":
        return None
    if text in _NAMED:
        return _from_digits(_NAMED[text])
    if re.fullmatch(rf"#{_HEX}{{3}}", text):
        return _from_digits(text[1:])
    text = re.sub("[^\0-\uffff]", "00", text)[:_LONGEST].removeprefix("#")
    digits = re.sub(f"(?!{_HEX}).", "0", text, flags=re.DOTALL)
    length = max(1, -(-len(digits) // 3))
    digits = digits.ljust(3 * length, "0")
    parts = [digits[at : at + length][-8:] for at in range(0, 3 * length, length)]
    while len(parts[0]) > 2 and all(part[0] == "0" for part in parts):
        parts = [part[1:] for part in parts]
    red, green, blue = (int(part[:2], 16) / 255 for part in parts)
    return Colour(red, green, blue)


def _colour_of(found: re.Match[str]) -> Colour | None:
    """Return the colour that is found; None if it is another word."""
    if digits := found[1] or _NAMED.get(found[11] or ""):
        return _from_digits(digits)
    if found[2]:
        colour = _from_parts(found[2], found.group(3, 5, 7), found.group(4, 6, 8))
        return colour and colour._replace(alpha=_alpha(found[9], found[10]))
    return _TRANSPARENT if found[11] == "transparent" else None


def _from_digits(digits: str) -> Colour:
    wide = "".join(one * 2 for one in digits) if len(digits) < 6 else digits
    return Colour(*(int(wide[at : at + 2], 16) / 255 for at in range(0, len(wide), 2)))


def _from_parts(
    kind: str, numbers: tuple[str, ...], units: tuple[str | None, ...]
) -> Colour | None:
    try:
        first, second, third = map(float, numbers)
    except ValueError:
        return None
    if kind == "hsl":
        hue = first / 360 % 1
        return Colour(*colorsys.hls_to_rgb(hue, _part(third, 100), _part(second, 100)))
    red, green, blue = (
        _part(number, 100 if unit == "%" else 255)
        for number, unit in zip((first, second, third), units, strict=True)
    )
    return Colour(red, green, blue)


def _alpha(number: str | None, unit: str | None) -> float:
    try:
        return _part(float(number or 1), 100 if number and unit else 1)
    except ValueError:
        return 1.0


def _part(number: float, whole: int) -> float:
    return min(number / whole, 1.0)
