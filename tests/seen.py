"""What the user of a browser sees of a page: its text, and its links.

A text is seen if it has room, lies within the window and is not cut off there, and if
it stands out from what it lies on. The browser's own layout is asked, not its styles.
"""

from dataclasses import dataclass

from tests.chromium import Chromium


@dataclass(frozen=True, slots=True)
class Seen:
    """The texts that are seen, in their order, and those within each link."""

    text: str
    anchors: tuple[tuple[str, str], ...]
    """Each link's address, as resolved, and the text that is seen in it."""


def seen_in(browser: Chromium, html: str) -> Seen:
    """Show a page and tell what is seen of it."""
    browser.show(html)
    found = browser.evaluate(_SEEN)
    return Seen(found["text"], tuple((href, text) for href, text in found["anchors"]))


_SEEN = r"""
(() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("* { pointer-events: auto !important }");
  document.adoptedStyleSheets = [sheet];
  const pen = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});
  const colours = new Map();
  const colour = (text) => {
    if (!colours.has(text)) {
      pen.clearRect(0, 0, 1, 1);
      pen.fillStyle = text;
      pen.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data;
      colours.set(text, [r, g, b, a / 255]);
    }
    return colours.get(text);
  };
  const over = (top, under) =>
    [0, 1, 2].map((i) => top[i] * top[3] + under[i] * (1 - top[3])).concat(1);
  const light = (c) => c.slice(0, 3).map((v) => v / 255)
    .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const around = function* (element) {
    for (; element; element = element.assignedSlot || element.parentElement
        || element.getRootNode().host) yield element;
  };
  const isPicture = (element) =>
    /^(img|video|canvas|svg|iframe|object|embed)$/i.test(element.localName);

  const isHit = (element, x, y) => {
    const stack = document.elementsFromPoint(x, y);
    // Text that flows out of its element is hit as the element, and alone.
    if (document.elementFromPoint(x, y) === element && stack[0] !== element)
      stack.unshift(element);
    const at = stack.indexOf(element);
    if (at < 0) return false;
    const onTop = stack.slice(0, at).filter((one) => !element.contains(one));
    if (onTop.some((one) => colour(getComputedStyle(one).backgroundColor)[3] > 0.5
        || getComputedStyle(one).backgroundImage !== "none" || isPicture(one)))
      return false;
    let ground = [255, 255, 255, 1];
    const below = stack.slice(at).reverse();
    for (const one of below) {
      const style = getComputedStyle(one);
      if (style.backgroundImage !== "none") return true;
      ground = over(colour(style.backgroundColor), ground);
    }
    const style = getComputedStyle(element);
    const ink = over(colour(style.webkitTextFillColor), ground);
    const [dark, bright] = [light(ink), light(ground)].sort((a, b) => a - b);
    return (bright + 0.05) / (dark + 0.05) >= 1.15;
  };

  const isSeen = (element, rects) => {
    let box = element;
    while (getComputedStyle(box).display === "contents") box = box.parentElement;
    if (!box.checkVisibility({visibilityProperty: true})) return false;
    let opacity = 1;
    for (const one of around(element)) {
      const style = getComputedStyle(one);
      opacity *= Number(style.opacity);
      if (style.maskImage !== "none" || style.webkitMaskBoxImageSource !== "none")
        return false;
      if (/opacity\(0|brightness\(|blur\(|url\(/.test(style.filter)) return false;
      if (style.display !== "contents" && /^(disc|circle|square)$/
          .test(style.webkitTextSecurity)) return false;
      if (style.backfaceVisibility === "hidden"
          && new DOMMatrix(style.transform).m33 < 0) return false;
    }
    if (opacity < 0.1) return false;
    return [...rects].some((rect) => {
      if (rect.width < 2 || rect.height < 3) return false;
      const isThere = [0.5, 0.1, 0.9].some((part) => {
        const x = rect.left + rect.width * part;
        scrollTo(x < innerWidth ? 0 : x, 0);
        return isHit(box, x - scrollX, rect.top + rect.height / 2);
      });
      scrollTo(0, 0);
      return isThere;
    });
  };

  const shown = (node) => {
    if (node.nodeType === Node.TEXT_NODE) {
      const range = document.createRange();
      range.selectNodeContents(node);
      const isBlank = !node.data.trim();
      return isBlank || isSeen(node.parentElement, range.getClientRects())
        ? node.data : "";
    }
    const text = node.localName === "img" ? node.alt
      : node.localName === "input" ? node.value || node.placeholder || node.alt : "";
    return text && isSeen(node, node.getClientRects()) ? ` ${text} ` : "";
  };
  const textIn = (root) => {
    let text = "";
    const filter = NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT;
    const walker = document.createTreeWalker(root, filter);
    for (let node = walker.nextNode(); node; node = walker.nextNode())
      text += shown(node);
    return text;
  };
  const anchors = [...document.querySelectorAll("a[href]")]
    .map((a) => [String(a.href?.baseVal ?? a.href), textIn(a)]);
  return {text: textIn(document.documentElement), anchors};
})()
"""
