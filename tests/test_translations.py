"""The Vietnamese is whole: every text has its own, with the same blanks, and none is written past gettext."""

import ast
import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest

from app.config import ROOT

SOURCE = ROOT / "translations" / "vi" / "LC_MESSAGES" / "messages.po"
BLANK = re.compile(r"%\(\w+\)[sd]|%%")
# What is written alike in both languages: signs, blanks, and these words.
ALIKE = re.compile(r"(?:%\(\w+\)s|PIN|Zalo|OCOP|kg|Lạng Sơn|[\W\d_])*")


@pytest.fixture(scope="module")
def texts() -> polib.POFile:
    return polib.pofile(str(SOURCE))


def faults_of(entry: polib.POEntry) -> list[str]:
    """Name what is wrong with one Vietnamese text."""
    english = entry.msgid_plural or entry.msgid
    found = ["unsure"] * entry.fuzzy + ["stale"] * entry.obsolete
    for text in entry.msgstr_plural.values() if entry.msgid_plural else [entry.msgstr]:
        if not text:
            found.append("empty")
            continue
        if set(BLANK.findall(text)) != set(BLANK.findall(english)):
            found.append("other blanks")
        if text.strip() != text or "  " in text:
            found.append("loose spaces")
        if not unicodedata.is_normalized("NFC", text):
            found.append("not NFC")
        if text == english and not ALIKE.fullmatch(text):
            found.append("left in English")
    return found


def test_every_text_is_vietnamese(texts: polib.POFile) -> None:
    assert len(texts) > 900
    assert not {entry.msgid: found for entry in texts if (found := faults_of(entry))}


@pytest.mark.parametrize(
    ("english", "vietnamese", "fault"),
    [
        ("Cart", "", "empty"),
        ("Cart", "Cart", "left in English"),
        ("Order %(code)s", "Đơn", "other blanks"),
        ("Order %(code)s", "Đơn %(ma)s", "other blanks"),
        ("Cart", "Giỏ ", "loose spaces"),
        ("Two words", "Hai  chữ", "loose spaces"),
        ("Cart", unicodedata.normalize("NFD", "Giỏ"), "not NFC"),
    ],
)
def test_control_a_fault_is_seen(english: str, vietnamese: str, fault: str) -> None:
    assert faults_of(polib.POEntry(msgid=english, msgstr=vietnamese)) == [fault]


def test_control_a_guess_and_a_left_over_are_seen() -> None:
    assert faults_of(polib.POEntry(msgid="Cart", msgstr="Giỏ", flags=["fuzzy"])) == ["unsure"]
    assert faults_of(polib.POEntry(msgid="Cart", msgstr="Giỏ", obsolete=True)) == ["stale"]


def test_the_sources_hold_nothing_else() -> None:
    """Every page and message is read anew, as `make messages` does it."""
    run = subprocess.run(
        [sys.executable, ".ci/messages.py", "check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr


# A text that goes round gettext is the same in both languages, and no catalogue would miss it.


def written_out(template: str) -> list[str]:
    """Give the words that stand in a template itself, outside of its expressions."""
    for pattern, instead in (
        (r"\{#.*?#\}|\{%.*?%\}", ""),
        (r"\{\{.*?\}\}", "\0"),
        (r"<(script|style|svg)\b.*?</\1>", ""),
        (r"<[^>]*>", "|"),
        (r"""[\w-]+=("[^"]*"|'[^']*')""", ""),  # the attributes of a block within a tag
        (r"&\w+;", " "),
    ):
        template = re.sub(pattern, instead, template, flags=re.DOTALL)
    # A macro may give a bare word for the page to choose by: "held".
    return [
        one.strip() for one in template.split("|") if re.search(r"[^\W\d_]{2,} [^\W\d_]{2,}|[A-ZĐ]\w", one)
    ]


def test_no_page_goes_round_gettext() -> None:
    pages = [*(ROOT / "app" / "templates").rglob("*.html")]
    assert len(pages) > 60
    # The style guide shows the sentences of the drawings as they are.
    found = {page.name: written_out(page.read_text()) for page in pages if page.name != "style_guide.html"}
    assert not {name: words for name, words in found.items() if words}


def test_control_words_in_a_page_are_seen() -> None:
    assert written_out('<p class="a b">Buy {# more #}now</p>{{ _("Cart") }}/kg') == ["Buy now"]


def _loose_sentences(module: Path) -> Iterator[str]:
    tree = ast.parse(module.read_text())
    said = {
        id(part)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") in ("gettext", "ngettext")
        for part in call.args
    }
    notes = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
        if " " in text and id(node) not in said | notes:
            yield text


def test_no_refusal_goes_round_gettext() -> None:
    modules = [*(ROOT / "app" / "web" / "wording").glob("*.py")]
    assert len(modules) > 8
    assert not {module.name: loose for module in modules if (loose := [*_loose_sentences(module)])}


def test_control_a_loose_sentence_is_seen(tmp_path: Path) -> None:
    module = tmp_path / "words.py"
    module.write_text('"""A note."""\nGOOD = gettext("Sold out")\nBAD = lambda _: "Sold out"\n')
    assert [*_loose_sentences(module)] == ["Sold out"]
