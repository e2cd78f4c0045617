"""The bank constants of the npm package vietnam-qr-pay as rows; used by build_reference.py only."""

import csv
import re
import tarfile
import unicodedata
from pathlib import Path

Row = dict[str, str]
BANK_FIELDS = (
    *("bin", "code", "short_name", "name_vi", "swift", "vietqr_status", "lookup_supported"),
    *("deprecated", "type", "source", "to_verify", "note"),
)
STATUS = {"NOT_SUPPORTED": "none", "RECEIVE_ONLY": "receive_only", "TRANSFER_SUPPORTED": "transfer"}


def read_banks(tarball: Path, here: Path) -> list[Row]:
    """The package's constants as rows, with banks_own.csv laid over them; "-" there empties a field."""
    with tarfile.open(tarball) as archive:
        texts = {
            name: archive.extractfile(f"package/{name}").read().decode()  # type: ignore[union-attr]
            for name in ("LICENSE", "dist/constants/banks.js", "dist/constants/bank-code.js")
        }
    (here / "licences" / "vietnam-qr-pay.txt").write_text(texts["LICENSE"])
    codes = dict(re.findall(r'BankCode\["(\w+)"\] = "(\w+)"', texts["dist/constants/bank-code.js"]))
    blocks = re.findall(r"\[bank_key_1[^{]+\{(.*?)\n    \}", texts["dist/constants/banks.js"], re.DOTALL)
    rows = {(r["bin"], r["short_name"]): r for r in (one_bank(block, codes) for block in blocks)}
    with (here / "banks_own.csv").open(encoding="utf-8", newline="") as file:
        corrections = list(csv.DictReader(file))
    for own in corrections:
        key = own["bin"], own["short_name"]
        filled = {field: "" if value == "-" else value for field, value in own.items() if value}
        rows[key] = rows.get(key, dict.fromkeys(BANK_FIELDS, "")) | filled
    return sorted(rows.values(), key=lambda r: (not r["bin"], r["bin"], r["short_name"]))


def one_bank(block: str, codes: Row) -> Row:
    fields = dict(re.findall(r"(\w+): '?(.*?)'?,?\n", block + "\n"))
    return {
        "bin": "" if fields["bin"] == "null" else fields["bin"],
        "code": codes[fields["code"].rpartition(".")[2]],
        "short_name": fields["shortName"],
        "name_vi": unicodedata.normalize("NFC", fields["name"]),
        "swift": fields.get("swiftCode", "null").replace("null", ""),
        "vietqr_status": STATUS[fields["vietQRStatus"].rpartition(".")[2]],
        "lookup_supported": fields.get("lookupSupported", "0"),
        "deprecated": str(int(fields.get("deprecated") == "true")),
        "type": "bank",
        "source": "vietnam-qr-pay 1.5.1",
        "to_verify": "0",
        "note": "",
    }
