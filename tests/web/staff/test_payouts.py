"""The desk's payouts as pages: two people, the bank's file, numbers masked, the household's page."""

import csv
import io
import re
import zipfile
from dataclasses import replace

import openpyxl
import pytest
import zxingcpp
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import func, select

from app.core.db import db
from app.flows import paying_farmers as flow
from app.flows.payout_orders import Instruction
from app.papers import payout_files, qr
from app.payments import payout_queries as queries
from app.payments.providers import emv
from app.shops import queries as shops
from app.users import queries as users
from app.users.models import AuditEvent
from app.users.rules import Role
from tests.factories import AT, make_staff, sign_in
from tests.pages import fill, words
from tests.paying_out import LIMIT, NUMBER, make_earner

PAGE = "/quan-tri/chi-ho"
LINE = Instruction(
    "CT12345678", "970405", "Agribank", "0012345678", "HOANG THI LAN", 230_000, "CT12345678 CHO SO"
)


@pytest.fixture
def desk(app: Flask) -> tuple[FlaskClient, FlaskClient]:
    """Hạnh and Quang, each at a browser of their own."""
    made = []
    for role, name in ((Role.CASHIER, "Hạnh"), (Role.OPERATOR, "Quang")):
        client = app.test_client()
        sign_in(client, make_staff(role, name), proven=True)
        made.append(client)
    return made[0], made[1]


def pay_out(desk: tuple[FlaskClient, FlaskClient]) -> str:
    """Make a batch, approve it and send it. Returns its address."""
    hanh, quang = desk
    here = fill(hanh, PAGE).location
    fill(hanh, here, to=f"{here}/duyet")
    fill(quang, here, to=f"{here}/duyet")
    assert fill(quang, here, to=f"{here}/chuyen").location == here
    return str(here)


def test_two_people_pay_a_large_batch_out(app: Flask, desk) -> None:
    hanh, quang = desk
    make_earner(price=LIMIT)
    assert "Không còn khoản nào phải trả" not in hanh.get(PAGE).text
    here = fill(hanh, PAGE).location
    assert "Duyệt (1/2)" in hanh.get(here).text
    assert fill(hanh, here, to=f"{here}/duyet").location == here
    again = fill(hanh, here, to=f"{here}/duyet")
    assert again.status_code == 409 and "người thứ hai" in again.text
    assert fill(hanh, here, to=f"{here}/chuyen").status_code == 409, "one person's word is not enough"
    assert fill(quang, here, to=f"{here}/duyet").location == here
    assert fill(hanh, here, to=f"{here}/chuyen").location == here
    assert "Đang chuyển" in words(hanh.get(here).text)
    assert "Hạnh" in words(quang.get(here).text)


def test_the_number_is_masked_until_the_file_is_asked_for(app: Flask, desk) -> None:
    hanh, _ = desk
    make_earner()
    here = pay_out(desk)
    read = select(func.count()).select_from(AuditEvent).where(AuditEvent.kind == "bank_account_read")
    assert NUMBER not in hanh.get(here).text and "•••• 6789" in hanh.get(here).text
    assert db.session.scalar(read) == 0
    for number, (bank, kind) in enumerate((("chung", "xlsx"), ("chung", "csv"), ("vcb", "csv")), 1):
        answer = fill(hanh, here, to=f"{here}/tep", bank=bank, kind=kind)
        assert answer.status_code == 200 and f".{kind}" in answer.headers["Content-Disposition"]
        assert kind == "xlsx" or NUMBER in answer.text
        db.session.rollback()
        assert db.session.scalar(read) == number
    codes = fill(hanh, here, to=f"{here}/qr")
    assert NUMBER in codes.text and "<svg" in codes.text
    assert fill(hanh, here, to=f"{here}/tep", bank="khong-co").status_code == 422


def test_the_household_sees_the_money_coming_and_come(app: Flask, desk, client: FlaskClient) -> None:
    shop = make_earner()
    sign_in(client, users.get(shops.members_of(shop.id)[0].user_id))
    assert "Đang chuyển" not in client.get("/ban/tien").text
    here = pay_out(desk)
    page = client.get("/ban/tien").text
    assert re.search(r"Đang chuyển</p><p class=\"h2[^>]*>230.000", page)
    (payout,) = queries.payouts_of(queries.get_batch(here.rsplit("/", 1)[1]).id)
    flow.confirm(payout.code, 230_000, "FT1", AT)
    page = client.get("/ban/tien").text
    assert "Đang chuyển" not in page and payout.code in client.get("/ban/tien/da-nhan").text


def test_what_did_not_arrive_locks_and_is_looked_at(app: Flask, desk) -> None:
    hanh, quang = desk
    shop = make_earner()
    here = pay_out(desk)
    (payout,) = queries.payouts_of(queries.get_batch(here.rsplit("/", 1)[1]).id)
    fail = f"{PAGE}/lenh/{payout.code}/hong"
    empty = fill(hanh, here, to=fail, reason="")
    assert empty.status_code == 422 and f'id="error-reason-{payout.code}"' in empty.text
    assert fill(hanh, here, to=fail, reason="Sai số tài khoản").location == here
    assert fill(hanh, PAGE, to=fail, reason="nữa").status_code == 409
    assert "Sai số tài khoản" in hanh.get(here).text
    assert "Tài khoản cần xem lại" in words(hanh.get("/quan-tri").text)
    assert fill(hanh, PAGE).status_code == 409, "nothing can be paid while the account is locked"
    fill(quang, PAGE, to=f"{PAGE}/tai-khoan/{shop.code}/da-xem")
    assert fill(hanh, PAGE).status_code == 302


@pytest.mark.parametrize("code", sorted(payout_files.templates()))
def test_every_bank_s_file_keeps_zeros_sums_and_no_formula(code: str) -> None:
    template = payout_files.templates()[code]
    hostile = replace(LINE, holder="=HYPERLINK(1)", memo="+1 @SUM", bank="-cmd|x")
    heads = [heading for heading, _ in template.columns]
    rows = list(
        csv.reader(io.StringIO(payout_files.write(template, [LINE, hostile], "csv").decode("utf-8-sig")))
    )
    assert rows[0] == heads and len(rows) == 3
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
    sheet = openpyxl.load_workbook(io.BytesIO(payout_files.write(template, [LINE, hostile], "xlsx"))).active
    assert sheet is not None
    fields = [field for _, field in template.columns]
    assert sheet.cell(2, fields.index("account") + 1).value == "0012345678"
    assert sheet.cell(2, fields.index("amount") + 1).value == 230_000
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


def unpacked(body: bytes) -> dict[str, list[list[str]]]:
    """Read the rows of every CSV in a packed folder."""
    folder = zipfile.ZipFile(io.BytesIO(body))
    return {
        name: list(csv.reader(io.StringIO(folder.read(name).decode("utf-8-sig"))))
        for name in folder.namelist()
    }


def test_more_lines_than_the_bank_takes_become_several_files_each_line_once() -> None:
    template = replace(payout_files.templates()["chung"], most_lines=2)
    lines = [replace(LINE, memo=f"CT{number} CHO SO") for number in range(5)]
    made = payout_files.paper(template, lines, "csv", name="lo")
    assert (made.name, made.kind) == ("lo.zip", "application/zip")
    files = unpacked(made.body)
    assert list(files) == ["lo-1-3.csv", "lo-2-3.csv", "lo-3-3.csv"]
    memo = [field for _, field in template.columns].index("memo")
    rows = [row for file in files.values() for row in file[1:]]
    assert [row[0] for row in rows] == ["1", "2", "1", "2", "1"], "each file counts from one"
    assert [row[memo] for row in rows] == [line.memo for line in lines]
    folder = zipfile.ZipFile(io.BytesIO(payout_files.paper(template, lines, "xlsx", name="lo").body))
    sheets = [openpyxl.load_workbook(folder.open(name)).active for name in folder.namelist()]
    assert [sheet.max_row for sheet in sheets if sheet] == [3, 3, 2]
    # Control: as many as the bank takes are one file.
    assert payout_files.paper(template, lines[:2], "csv", name="lo").name == "lo.csv"


def test_the_desk_says_that_a_batch_needs_several_files_and_gives_them(app: Flask, desk, monkeypatch) -> None:
    hanh, _ = desk
    for name, number in (("Vườn na chị Lan", NUMBER), ("Vườn hồng anh Páo", "8400987654321")):
        make_earner(name, number=number)
    here = pay_out(desk)
    several = "đóng trong một tệp ZIP"
    assert several not in words(hanh.get(here).text)
    short = replace(payout_files.templates()["vcb"], most_lines=1)
    monkeypatch.setitem(payout_files.templates(), "vcb", short)
    assert several in words(hanh.get(here).text)
    answer = fill(hanh, here, to=f"{here}/tep", bank="vcb", kind="csv")
    assert answer.headers["Content-Disposition"].endswith('-vcb.zip"')
    assert [len(rows) for rows in unpacked(answer.data).values()] == [2, 2]


def test_a_batch_that_the_bank_has_shown_whole_gives_no_empty_file(app: Flask, desk) -> None:
    hanh, _ = desk
    make_earner()
    here = pay_out(desk)
    (payout,) = queries.payouts_of(queries.get_batch(here.rsplit("/", 1)[1]).id)
    flow.confirm(payout.code, 230_000, "FT1", AT)
    answer = fill(hanh, here, to=f"{here}/tep", bank="chung", kind="csv")
    assert answer.status_code == 409 and "Không còn lệnh nào chờ ngân hàng" in answer.text


def test_a_line_s_code_says_account_sum_and_payout() -> None:
    text = emv.encode(emv.Transfer(LINE.bin, LINE.number, LINE.amount, LINE.memo))
    (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(qr.png(text))))
    assert emv.decode(found.text) == emv.Transfer(LINE.bin, LINE.number, LINE.amount, LINE.memo)


def test_names_with_marks_go_to_the_bank_in_plain_capitals(app: Flask, desk) -> None:
    hanh, _ = desk
    make_earner()
    here = pay_out(desk)
    text = fill(hanh, here, to=f"{here}/tep", bank="chung", kind="csv").text
    assert "LAN" in text and "Lan" not in text
