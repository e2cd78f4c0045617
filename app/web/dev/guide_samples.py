"""Sample data of the style guide: one invented household, seen from every side."""

from datetime import date
from typing import Any

COLOURS = (
    ("Vải mộc", "#faf7f0", "nền"),
    ("Vải đậm", "#f1ebdd", "nền chìm"),
    ("Chàm 900", "#16213f", "chữ 14,8"),
    ("Chàm 700", "#24366b", "đầu trang 10,8"),
    ("Chàm 500", "#3f5796", "chữ nhẹ 6,5"),
    ("Chàm 300", "#a3b2d6", "chỉ hình"),
    ("Chàm 100", "#e3e8f3", "nền biểu tượng"),
    ("Na 700", "#285e33", "nút 7,7"),
    ("Na 500", "#5e9a4b", "chỉ hình"),
    ("Na 100", "#e6f0dc", "còn hàng"),
    ("Hồi 700", "#7a3e1d", "gốc gác 7,7"),
    ("Hồi 100", "#f5e6da", "chuyện vườn"),
    ("Quýt", "#e8a317", "chỉ nền 7,3"),
    ("Quýt 100", "#fcefcf", "đang chờ"),
    ("Lỗi", "#b4331f", "phải sửa 5,7"),
    ("Đá 200", "#d9dce2", "nét mảnh"),
)

TYPE = (
    ("number", "605.000 đ", "Số của trang · 700 30/38"),
    ("h1", "Đặt hàng, Ẫm ẨỄ Ộỗ", "Tên trang · 700 24/32"),
    ("h2", "Cũng đang vào mùa", "Đề mục · 700 20/28"),
    ("strong", "Tiền đang được giữ", "Dòng mạnh · 600 17/26"),
    ("", "Quýt chín vàng óng, vỏ mỏng thơm", "Thân chữ · 400 17/26"),
    ("label", "Giao đến Hà Nội", "Nhãn · 500 15/22"),
    ("note", "Còn hạn đến 30/09/2027", "Ghi chú · 400 13/20"),
)

TITLES = (
    "Màu", "Chữ", "Mép dệt, ngôi sao, bốn lần nhúng", "Nút", "Ô nhập", "Hộp lỗi, dải báo, thanh báo",
    "Trạng thái đơn", "Tiền của đơn", "Kho và giá", "Chỉnh số, chọn nhanh", "Thẻ hàng", "Giỏ và đơn",
    "Mùa, bước, thẻ chuyển", "Số liệu", "Hàng chữ và thẻ", "Người và lời khen",
    "Trang trống", "Biểu tượng, nét 1,8",
)  # fmt: skip

ORDER_STATES = (
    "placed", "awaiting_payment", "cod_agreed", "paid", "accepted", "packed", "handed_over",
    "delivered", "completed", "declined", "cancelled", "expired", "refused_at_door", "returned",
)  # fmt: skip

PAYMENT_STATES = (
    "due", "paid", "cod", "cod_paid", "earned", "refund_due", "refund_under_way", "refunded", "failed",
)  # fmt: skip


def samples(picture: str = "/static/pictures/{}.webp") -> dict[str, Any]:
    """Give what the style guide shows; `picture` is the address of a picture, with its name left open."""
    mandarin, honey, rice, custard = (picture.format(name) for name in ("quyt", "mat-ong", "gao-nep", "na"))
    return {
        "titles": TITLES,
        "colours": COLOURS,
        "type": TYPE,
        "order_states": ORDER_STATES,
        "payment_states": PAYMENT_STATES,
        "photos": {"mandarin": mandarin, "honey": honey, "rice": rice, "garden": picture.format("garden")},
        "products": (
            ("Quýt vàng còn cuống lá", 35000, None, "kg", mandarin, "còn 38 kg", "in", "Hái hôm nay", None),
            ("Na dai Chi Lăng", 55000, None, "kg", custard, "mùa sau, tháng 7", "none", "Mùa 7–9", None),
            ("Mật ong hoa rừng", 185000, None, "chai", honey, "còn 2 chai", "few", None, "P. Lương Văn Tri"),
            ("Gạo nếp cái hoa vàng", 38000, 42000, "kg", rice, "còn 120 kg", "in", None, "Xã Vũ Lăng"),
        ),
        "errors": (("guide-phone", "Số điện thoại thiếu 1 số"), ("guide-ward", "Chưa chọn xã, phường")),
        "ways": (
            {"value": "qr", "text": "Quét mã ngân hàng", "icon": "qr", "note": "tiền về thẳng nhà vườn"},
            {"value": "cod", "text": "Trả khi nhận", "icon": "cash"},
            {"value": "card", "text": "Thẻ", "icon": "bank", "note": "chưa nhận thẻ", "disabled": True},
        ),
        "units": (("kg", "kg"), ("hop", "hộp"), ("con", "con"), ("chai", "chai")),
        "days": (("T3", 2), ("T4", 1), ("T5", 4), ("T6", 3), ("T7", 6), ("CN", 5), ("T2", 3)),
        "table": {
            "columns": (("Xã", False), ("Hộ bán", True), ("Trên 100 hộ", True), ("Tuần trước", True)),
            "rows": (
                ("Xã Chi Lăng", 412, 33, 34),
                ("Xã Bắc Sơn", 286, 31, 29),
                ("Xã Quý Hoà", "ẩn", "< 5", "ẩn"),
            ),
        },
        "dips": (("Đặt", "23/11"), ("Trả", "23/11"), ("Gửi", "hôm nay"), ("Nhận", "26/11")),
        "since": date(2026, 8, 14),
        "season": (11, 12, 1, 2),
    }
