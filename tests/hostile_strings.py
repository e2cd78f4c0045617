"""Texts that break careless programs, for every text field: shown escaped, stored, found again."""

import random

MARKUP = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\"><svg onload=alert(1)>",
    "' onmouseover='alert(1)", "</title><script>alert(1)</script>", "</textarea><b>x", "<!-- na -->",
    "]]>", "&lt;b&gt;", "&amp;amp;", "&#60;b&#62;", "javascript:alert(1)",
    "<a href=\"javascript:alert(1)\">na</a>", "<style>*{display:none}</style>", "<iframe src=//x.vn>",
    "\"", "'", "`", "<", ">", "&", "\\", "/", "<<na>>", "<b", "--><na", "expression(alert(1))",
    "data:text/html,na",
]  # fmt: skip
TEMPLATES = [
    "{{7*7}}", "${7*7}", "{%print(7*7)%}", "#{7*7}", "<%= 7*7 %>", "{{config}}", "{{''.__class__}}",
    "%(secret)s", "%s%s%n", "{0.__class__}", "{title}", "$(id)", "`id`", "{{ _('na') }}", "[[7*7]]",
    "*{7*7}",
]  # fmt: skip
SQL = [
    "' OR '1'='1", "na'; DROP TABLE listings; --", "\" OR 1=1 --", "na%", "na_", "%", "_", "%%",
    "na\\%", "\\", "na/*", "1;SELECT 1", "' UNION SELECT phone FROM users --", "na' AND sleep(9)#",
    "?", ":name", "%(na)s", "N'na'", "x'41'",
]  # fmt: skip
CELLS = [
    "=1+1", "+84912", "-na", "@SUM(A1)", '=HYPERLINK("//x")', "＝1+1", "\tna", "|calc",
    "=cmd|'/c calc'!A0",
]  # fmt: skip
NAMES = [
    "Ẩm Ễ Ộ Ữ Ằ", "ĐỒNG ĐĂNG", "Đặng Thị Ỷ", "Ngượng ậ ợ ỵ", "hoà hòa", "Lý Thị Ỵ", "Ð eth", "ƯƠNG",
    "Tày–Nùng", "Na “dai”", "O'Brien", "Nguyễn-Văn", "Bế Văn Đàn", "凭祥 苹果", "ผลไม้", "Пхань", "عربي",
    "עברית", "한글 사과", "ひらがな", "🍊 quýt", "👨‍👩‍👧 nhà", "🇻🇳", "Ｎａ ｃｈｉ", "ﬁ ligature", "İstanbul",
    "ẞtraße", "ǅ", "e\u0301\u0323", "a\u0302\u0301", "1\ufe0f\u20e3",
]  # fmt: skip
INVISIBLE = [
    "na\u200bchi", "na\u00adchi", "\ufeffna", "na\u202eihc", "na\u2066x\u2069", "na\u2028chi",
    "na\x00chi", "na\x1bchi", "na\ud800chi", "na\uffff", "na\u3164chi", "  na  chi  ",
    "na\r\nSet-Cookie: x=1", "na\tchi", "na\u00a0chi", "na\x7fchi",
]  # fmt: skip
ODD = [
    "null", "None", "undefined", "NaN", "true", "0", "-1", "1e309", "0x10", "2026-11-23",
    "../../etc/passwd", "CON", "a" * 80, "na " * 26,
]  # fmt: skip
HOSTILE = [*MARKUP, *TEMPLATES, *SQL, *CELLS, *NAMES, *INVISIBLE, *ODD]


def hostile(many: bool = False) -> list[str]:
    """Give the kept list, or 500 with mixtures of it, the same ones every time."""
    if not many:
        return HOSTILE
    rng = random.Random(28)
    mixed = (" ".join(rng.sample(HOSTILE, 2)) for _ in range(500 - len(HOSTILE)))
    return HOSTILE + [text[:80] for text in mixed]
