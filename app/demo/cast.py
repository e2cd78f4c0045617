"""Who lives in the demo market. All people and phones are invented; the seed makes them the same again."""

import random
from dataclasses import dataclass

LAN, KHOA, MINH, HOA = "+84912000001", "+84912000002", "+84912000003", "+84912000004"
HANH, QUANG = "+84912000005", "+84912000006"  # at the money desk: cashier, operator
FIRST_PHONE = 84_912_100_000

FAMILIES = (
    "Hoàng", "Nông", "Lý", "Triệu", "Lương", "Vi", "Hứa", "Chu", "Đàm", "Bế", "Ma", "Lăng", "Phùng",
    "Dương", "Lộc", "Mông", "Hà", "Vũ", "Linh", "Phan",
)  # fmt: skip
WOMEN = (
    "Lành", "Sim", "Thắm", "Nhung", "Mến", "Hạnh", "Bích", "Xuân", "Thu", "Nga", "Yến", "Duyên", "Hiền",
    "Liên", "Loan", "Mai", "Ngoan", "Oanh", "Phượng", "Quế",
)  # fmt: skip
MEN = (
    "Thuận", "Hợi", "Hưng", "Bảo", "Cường", "Dũng", "Đức", "Giang", "Hải", "Khánh", "Long", "Nam",
    "Phúc", "Quân", "Sơn", "Tài", "Tuấn", "Viên", "Vinh", "Ỷ",
)  # fmt: skip
HAMLETS = (
    "Bãi Hào", "Nà Pàn", "Khuổi Nọi", "Làng Coóc", "Pác Lùng", "Nà Lìa", "Đồng Ngầu", "Bản Hẻo",
    "Kéo Phầy", "Tân Minh", "Lân Bông", "Nà Há", "Co Liền", "Thạch Lương", "Pò Cại",
)  # fmt: skip
BUYERS = (
    "Thu", "Bình", "Hạnh", "Quang", "Linh", "Trang", "Hùng", "Ngọc", "Phương", "Tùng", "Thảo", "Kiên",
    "Hoa", "Việt", "Hằng", "Đạt", "Nhung", "Sơn", "Vân", "Toàn",
)  # fmt: skip
STREETS = (
    "Số {n} ngõ {m}, phố Chùa Láng", "Số {n} đường Láng", "Nhà {n}, tổ {m}", "Số {n} phố Huế",
    "Căn {n}, toà nhà A{m}", "Số {n} đường Trần Đăng Ninh",
)  # fmt: skip
# Where households bank: most with Agribank, whose branch is the nearest; bank, first figures, length.
BANKS = (
    ("Agribank", "8400205", 13), ("Agribank", "8402215", 13), ("LPBank", "0263", 12),
    ("VietinBank", "1018", 12), ("BIDV", "3551000", 14), ("MB Bank", "0912", 10), ("Vietcombank", "1014", 10),
)  # fmt: skip

# Where most buyers are: communes of Hà Nội, Bắc Ninh, Hải Phòng and of the province itself.
TOWNS = ("00256", "00235", "00166", "00097", "09169", "11311", "05977", "06187")

PLACES = {
    "na": "Vườn na", "hong": "Vườn hồng", "quyt": "Vườn quýt", "dao": "Vườn đào", "man": "Vườn mận",
    "le": "Vườn lê", "mo": "Vườn mơ", "tram": "Rừng trám", "buoi-cam": "Vườn cây",
    "vai-nhan": "Vườn vải", "hat-dinh-duong": "Nhà vườn", "hoi-que": "Rừng hồi",
    "tinh-dau": "Lò tinh dầu", "thach-den": "Nhà thạch", "che": "Đồi chè", "tra-thao-moc": "Đồi chè",
    "mat-ong": "Nhà ong", "gao-ngu-coc": "Ruộng nhà", "bun-mien": "Xưởng bún",
    "banh-dac-san": "Bếp bánh", "do-quay": "Lò quay", "thit-che-bien": "Bếp khói", "gia-cam": "Trại gà",
    "trung": "Trại gà", "thuy-san": "Ao nhà", "ruou": "Bếp rượu", "tho-cam": "Khung dệt",
    "ren-go-nhac": "Lò rèn", "tre-may": "Nhà đan", "vat-lieu": "Lò ngói", "huong-le": "Nhà hương",
    "nam": "Trại nấm", "rau-la": "Vườn rau", "rau-rung": "Vườn rau", "su-su": "Vườn su su",
    "ot": "Ruộng ớt", "khoai-san": "Ruộng khoai", "la-gia-vi": "Vườn mắc mật", "mang-kho": "Nhà măng",
    "mang-ot-tuong": "Bếp măng", "duoc-lieu": "Vườn thuốc", "giong-cay": "Vườn ươm",
    "hoa-cay-canh": "Vườn đào",
}  # fmt: skip
STORIES = (
    "Nhà tôi làm nghề này ba đời. Hàng xong đến đâu gói đến đó, gửi xe trong ngày.",
    "Nhà ở trong thung núi đá, nước suối trong, làm chậm mà kỹ. Không ưng thì gọi, tôi đổi.",
    "Vợ chồng tôi tự làm, tự gói. Bà con cứ hỏi, tôi trả lời trong ngày.",
    "Mùa nào bán thức nấy, hết thì thôi, không mua ngoài về trộn.",
)


@dataclass(frozen=True)
class Household:
    """An invented family: its head, how neighbours call them, their phone and hamlet."""

    head: str
    called: str
    phone: str
    hamlet: str
    woman: bool


def household(number: int, rng: random.Random) -> Household:
    """Invent a family; the first two are Lan's and Khoa's."""
    if number == 0:
        return Household("Hoàng Thị Lan", "cô Lan", LAN, "Bãi Hào", True)
    if number == 1:
        return Household("Nông Văn Khoa", "anh Khoa", KHOA, "Nà Pàn", False)
    woman = rng.random() < 0.55
    given = rng.choice(WOMEN if woman else MEN)
    middle = "Thị" if woman else "Văn"
    called = rng.choice(("bà", "cô", "chị") if woman else ("ông", "chú", "anh"))
    phone = f"+{FIRST_PHONE + number}"
    return Household(
        f"{rng.choice(FAMILIES)} {middle} {given}", f"{called} {given}", phone, rng.choice(HAMLETS), woman
    )
