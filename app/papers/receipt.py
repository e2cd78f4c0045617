"""The receipt of one order, A5, in Vietnamese. Pure, from frozen data; it is no tax invoice and says so."""

from app.flows.receipting import Receipt
from app.papers.sheet import Sheet, day, dong

WAYS = {
    "cod": "Tiền mặt khi nhận hàng",
    "vietqr": "Chuyển khoản ngân hàng (VietQR)",
    "vnpay": "VNPAY",
    "momo": "Ví MoMo",
    "zalopay": "Ví ZaloPay",
    "stripe": "Thẻ quốc tế",
    "sandbox": "Thanh toán thử (không có tiền thật)",
}
DELIVERY = {"pickup": "Nhận tại vườn", "seller": "Nhà vườn giao", "courier": "Gửi hàng"}


def draw(receipt: Receipt) -> bytes:
    """Draw the receipt as a PDF; the same facts give the same bytes."""
    sheet = Sheet(size="A5", title=f"Biên nhận {receipt.order_code}", made=receipt.paid_at)
    sheet.says("BIÊN NHẬN THANH TOÁN", size=15, bold=True, height=8)
    sheet.ln(1)
    sheet.pair("Đơn hàng", receipt.order_code, bold=True)
    sheet.pair("Ngày đặt", day(receipt.placed_at))
    sheet.pair("Ngày thanh toán", day(receipt.paid_at))
    sheet.ln(2)
    sheet.says(f"Người bán: {receipt.shop_name}", bold=True)
    sheet.says(f"Chủ hộ: {receipt.head_name} · {receipt.place}")
    sheet.says(f"Người mua: {receipt.buyer}")
    sheet.ln(2)
    _goods(sheet, receipt)
    _money(sheet, receipt)
    sheet.ln(3)
    sheet.letters(7.5)
    sheet.says("Biên nhận này xác nhận số tiền đã trả, không thay thế hóa đơn.", size=7.5, height=4)
    return sheet.bytes()


def _goods(sheet: Sheet, receipt: Receipt) -> None:
    sheet.rule()
    sheet.ln(2)
    for line in receipt.lines:
        sheet.pair(f"{line.title} · {line.amount}", dong(line.total))
    method = DELIVERY.get(receipt.delivery, receipt.delivery)
    sheet.pair(method, dong(receipt.fee) if receipt.fee else "miễn phí")
    if receipt.discount:
        sheet.pair("Giảm giá", dong(-receipt.discount))
    sheet.ln(1)
    sheet.rule()
    sheet.ln(2)


def _money(sheet: Sheet, receipt: Receipt) -> None:
    sheet.pair("Cộng", dong(receipt.total), size=11, bold=True)
    sheet.pair("Đã trả", dong(receipt.total), bold=True)
    sheet.pair("Cách trả", WAYS.get(receipt.provider, receipt.provider))
    sheet.pair("Mã thanh toán", receipt.payment_code)
    for back in receipt.refunds:
        name = "Đã hoàn lại" if back.done else "Đang hoàn lại"
        sheet.pair(f"{name} ngày {day(back.at)} · {back.code}", dong(-back.amount))
    if receipt.refunds:
        rest = receipt.total - sum(back.amount for back in receipt.refunds)
        sheet.pair("Còn lại sau khi hoàn", dong(rest), bold=True)
