"""The albums of the money desk: on its first day, and on a morning on which everything waits."""

from datetime import datetime

from app.core import clock
from app.core.db import db
from app.users import second_factor
from tests.browser import scenes, scenes_desk, scenes_morning
from tests.browser.album import LANGUAGES, Album
from tests.browser.market import Market
from tests.browser.scenes_desk import Desk

LINES = "/quan-tri/sao-ke"


def empty(album: Album, market: Market) -> None:
    """The desk on its first day, and two people who set up their code app."""
    with market.app().app_context():
        hanh, _ = scenes_desk.people()
        new = scenes_desk.newcomers(2)
        jars = [[scenes.cookie(market.app(), one, market.address)] for one in new]
        album.page.context.add_cookies([scenes.cookie(market.app(), hanh, market.address, proven=True)])
    _desk(album)
    for jar, user_id, language in zip(jars, new, ("vi", "en"), strict=True):
        album.page.context.add_cookies(jar)
        album.take("/quan-tri/cai-ma", f"before-{language}")
        album.page.goto(f"{album.base}/quan-tri/cai-ma")
        album.send("form[action$='/bat-dau']")
        album.take("/quan-tri/cai-ma", f"begun-{language}")
        album.say_in(language, "refused", "/quan-tri/cai-ma", "form#task", code="000000")
        with market.app().app_context():
            right = second_factor.code_at(user_id, clock.now())
        album.say_in(language, "codes", "/quan-tri/cai-ma", "form#task", code=right)


def _desk(album: Album) -> None:
    album.walk(["/quan-tri", *album.seeds()], lambda path: path.startswith("/quan-tri"))


def desk(album: Album, market: Market) -> None:
    """A full desk: every list, every state, everything that is refused with what was typed."""
    at = clock.now()
    with market.app().app_context():
        home = scenes.household("Vườn đào chị Hằng", "Vi Thị Hằng", "8402111100009")
        safe = scenes.household("Đồi chè bà Nhung", "Đàm Thị Nhung", settlement="held")
        made = scenes_desk.whole(home, safe, at=at, many=100)
        long = _morning(made, at)
        jar = scenes.cookie(market.app(), made.hanh, market.address)
        proven = scenes.cookie(market.app(), made.hanh, market.address, proven=True)
    album.page.context.add_cookies([jar])
    album.take("/quan-tri/ma")
    album.say("refused", "/quan-tri/ma", code="000000")
    album.page.context.add_cookies([proven])
    lines, cases, out, back = (f"/quan-tri/{one}" for one in ("sao-ke", "vu-viec", "chi-ho", "hoan-tien"))
    _desk(album)
    for done in ("match", "ignore"):
        album.take(f"{lines}?xong={done}", done)
    album.take(f"{lines}?q=CSABCDEFGH", "found")
    album.take(f"{lines}?q=CS00000000", "not-found")
    known, line = f"{lines}?loai=goi-y", f"#line-{made.line}"
    album.say("refused-code", known, f"{line} details form[action*='/khop']", code="CS-KHONG-CO")
    album.say("refused-reason", known, f"{line} form[action*='/bo-qua']", reason=" ")
    album.take(f"{cases}?xong", "closed")
    album.say("refused", cases, f"#{made.case} form", conclusion=" ")
    for state, code in made.batches.items():
        album.take(f"{out}/{code}", state)
    album.say("refused", f"{out}/{made.batches['sent']}", "form[action*='/hong']", reason=" ")
    album.say("codes", f"{out}/{made.batches['sent']}", "form[action$='/qr']")
    for done in ("approved", "by_bank", "came_back"):
        album.take(f"{back}?xong={done}", done)
    for name, code, reference in (
        ("refused", "HT-KHONG-CO", "FT26329000123"),
        ("half", made.refunds["agreed"], " "),
    ):
        album.say(name, back, "form[action*='/bi-tra-ve']", code=code, reference=reference)
    album.say("open", back, f"#{made.refunds['agreed']} form")
    _long(album, long)
    _refused(album, made)
    for name, asked in (("found", made.order), ("not-found", "KHONGCO")):
        album.take(f"/quan-tri/so-cai?q={asked}", name)


def _morning(made: Desk, at: datetime) -> dict[str, str]:
    """Let it be a hard morning; gives the addresses that no link leads to early enough."""
    states = scenes_morning.statements(made.hanh, at=at)
    scenes_morning.too_long(at=at)
    scenes_morning.many_cases(made.order, 32, at=at)
    scenes_morning.unsent(made.hanh, made.order, at=at)
    large = scenes_morning.many_payouts(40, at=at)
    db.session.commit()
    found = {name: f"{LINES}/tep/{code}" for name, code in states.items()}
    return {**found, "large": f"/quan-tri/chi-ho/{large}"}


def _long(album: Album, addresses: dict[str, str]) -> None:
    """Look at every state of a statement, at lists of more than a page, and at what could not be sent."""
    for name, path in addresses.items():
        album.take(path, name)
    for sort in ("goi-y", "chua-ro", "tien-ra"):
        album.take(f"{LINES}?loai={sort}", sort)
    for path in (LINES, "/quan-tri/vu-viec", "/quan-tri/tin-nhan"):
        album.page.goto(album.base + path)
        more = album.page.locator("a[rel=next]").get_attribute("href")
        album.take(str(more), "next")
    album.say_in("vi", "again", "/quan-tri/tin-nhan", "form[action*='/gui-lai']:has(.two)")


def _refused(album: Album, made: Desk) -> None:
    """Send what cannot be taken, to see each field say so and keep what was typed."""
    for name, raw in scenes_morning.unreadable().items():
        for language, prefix in LANGUAGES.items():
            album.page.goto(album.base + prefix + LINES)
            file = {"name": "sao-ke.csv", "mimeType": "text/csv", "buffer": raw}
            album.page.set_input_files("input[name=file]", file)
            album.page.locator("input[name=account]").fill("" if name == "nobody" else "0071000888888")
            album.send("form[action*='/sao-ke/tep']")
            album.stand(f"bank_lines.upload-{name}", language)
    album.say("empty", LINES, "form[action*='/sao-ke/tep']", account="0071000888888")
    money = "/quan-tri/cong-thanh-toan"
    for name, gross, fee in (
        ("gross", "nhiều", ""),
        ("fee", "75.000", "x"),
        ("more", "999.999.999", "1.000"),
    ):
        album.say(name, money, "form[action*='/cong-thanh-toan']", gross=gross, fee=fee)
    line = f"#line-{made.line} details form[action*='/khop']"
    album.say("no-code", f"{LINES}?loai=goi-y", line, code=" ")
