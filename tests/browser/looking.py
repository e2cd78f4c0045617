"""What is looked at on every page: axe, touch targets, width, large text, weights, foreign hosts."""

import gzip
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Page, Response

AXE = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
WIDTHS = (320, 360, 1280)

# Every target that a finger may press, by what really takes the press: an input that cannot be seen is
# pressed through its label. Links inside running text are excepted, as WCAG does.
SMALL = """() => {
  const out = [], box = e => e.getBoundingClientRect()
  const told = e => e.outerHTML.replace(/\\s+/g, ' ').slice(0, 110)
  const inText = e => e.tagName === 'A' && getComputedStyle(e).display === 'inline'
    && [...e.parentNode.childNodes].some(n => n.nodeType === 3 && n.textContent.trim().length > 1)
  for (const e of document.querySelectorAll('a[href], button, input, select, textarea, summary')) {
    if (e.type === 'hidden' || e.disabled || e.closest('.skip, .vh, [hidden], [inert]') || inText(e)) continue
    if (!e.checkVisibility({visibilityProperty: true})) continue
    // A field stands in its box, an option under its label: the larger of them is what one hits.
    const all = [e, ...(e.labels || [])]
    if (e.closest('.box, .search, .with-button')) all.push(e.closest('.box') || e)
    const width = Math.max(...all.map(x => box(x).width))
    const height = Math.max(...all.map(x => box(x).height))
    if (width < 47.5 || height < 47.5)
      out.push(`${Math.round(width)}×${Math.round(height)} ` + told(e))
  }
  return out
}"""
SIDEWAYS = """() => {
  const wide = document.documentElement.clientWidth, over = document.documentElement.scrollWidth - wide
  if (over <= 0) return ''
  const who = [...document.querySelectorAll('body *')].filter(e => {
    if (e.getBoundingClientRect().right <= wide + 1) return false
    for (let p = e.parentElement; p; p = p.parentElement)
      if (/auto|scroll|hidden|clip/.test(getComputedStyle(p).overflowX)) return false
    return true
  })
  return `${over}px: ` + who.slice(-2).map(e => e.outerHTML.slice(0, 90)).join(' | ')
}"""
# Words that stick out of a box that cuts them off, or two lines that stand on each other.
LOST = """() => {
  const out = []
  const slides = e => {
    for (let p = e; p; p = p.parentElement) if (/auto|scroll/.test(getComputedStyle(p).overflowX)) return true
  }
  for (const e of document.querySelectorAll('body *')) {
    if (e.closest('.vh, .skip, svg, textarea, .reel')) continue
    if (!e.checkVisibility({visibilityProperty: true})) continue
    const style = getComputedStyle(e)
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())
    if (/hidden|clip/.test(style.overflow) && style.webkitLineClamp === 'none' && e.innerText
        && (e.scrollHeight > e.clientHeight + 3 || e.scrollWidth > e.clientWidth + 3))
      out.push('cut: ' + e.outerHTML.replace(/\\s+/g, ' ').slice(0, 110))
    if (own && style.whiteSpace === 'nowrap' && style.position !== 'absolute'
        && e.getBoundingClientRect().right > document.documentElement.clientWidth + 1
        && !slides(e))
      out.push('beyond: ' + e.outerHTML.replace(/\\s+/g, ' ').slice(0, 110))
  }
  const words = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT)
  const rects = []
  while (words.nextNode()) {
    const node = words.currentNode, e = node.parentElement
    if (!node.textContent.trim() || e.closest('.vh, svg, .tag, .thumb, .badge, .pill')) continue
    if (!e.checkVisibility({visibilityProperty: true})) continue
    const range = document.createRange(); range.selectNodeContents(node)
    for (const r of range.getClientRects()) rects.push([r, node])
  }
  for (let a = 0; a < rects.length; a += 1) for (let b = a + 1; b < Math.min(rects.length, a + 30); b += 1) {
    const [p, m] = rects[a], [q, n] = rects[b]
    if (m === n) continue
    const w = Math.min(p.right, q.right) - Math.max(p.left, q.left)
    const h = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top)
    if (w > 4 && h > 0.45 * Math.min(p.height, q.height))
      out.push(`overlap: ${m.textContent.trim().slice(0, 30)} | ${n.textContent.trim().slice(0, 30)}`)
  }
  return out.slice(0, 5)
}"""


@dataclass
class Seen:
    """One page as it came over the wire."""

    page: Page
    base: str
    answers: list[Response] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("response", self._came)
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.said.append(str(error)))

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.said.append(message.text)

    def _came(self, answer: Response) -> None:
        if not answer.url.startswith((self.base, "data:", "blob:")):
            self.foreign.append(urlsplit(answer.url).netloc)
        self.answers.append(answer)

    def open(self, path: str, status: int = 200) -> list[str]:
        """Open a page; say what is wrong with how it came."""
        self.answers, self.foreign, self.said = [], [], []
        answer = self.page.goto(self.base + path, wait_until="load")
        got = answer.status if answer else 0
        wrong = [] if got == status else [f"status {got}"]
        said = [s for s in self.said if status == 200 or "status of" not in s]
        return wrong + [f"console: {s[:150]}" for s in said] + [f"foreign host {h}" for h in self.foreign]

    def faults(self, axe: Axe | None) -> list[str]:
        """Look at the page that is open, at every width and with large text; ask axe when it is there."""
        page, wrong = self.page, []
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 640 if width < 900 else 800})
            over = page.evaluate(SIDEWAYS)
            wrong += [f"sideways at {width} {over}"] if over else []
            if width == 360:
                wrong += [f"small target {one}" for one in page.evaluate(SMALL)]
            if width == 360 and axe:
                # As high as the page: a bar that stays at the bottom then lies on nothing.
                high = page.evaluate("document.documentElement.scrollHeight")
                page.set_viewport_size({"width": width, "height": int(high)})
                wrong += violations(page, axe)
        page.set_viewport_size({"width": 360, "height": 640})
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        over = page.evaluate(SIDEWAYS)
        wrong += [f"sideways with 200 % text {over}"] if over else []
        wrong += [f"200 % text {one}" for one in page.evaluate(LOST)]
        page.evaluate("document.documentElement.style.fontSize = ''")
        return wrong


def violations(page: Page, axe: Axe) -> list[str]:
    """Ask axe. Everything is drawn at once first, for colours are measured on what is drawn."""
    found = axe.run(page, options=AXE).response["violations"]
    return [f"axe {one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"][:3]]


def weight(answer: Response) -> int:
    """Give the size of an answer's text as gzip sends it."""
    return len(gzip.compress(answer.body(), 6))
