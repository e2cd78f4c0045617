"""`python -m bench`: measure the market beside the limit of the stack; README.md says how to read it."""

import argparse
import signal
import sys
from contextlib import ExitStack

from bench import goals
from bench.markets import PAGES, Market, limit, market, served
from bench.measuring import Target, in_units, interleave, of_rate

FEW = 5  # listings of the market in which statements are counted again


def main() -> None:
    """Measure every engine asked for and print its table."""
    options = _options()
    # A run that is told to end still stops its servers and removes its databases.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    sizes = [int(size) for size in options.listings.split(",")]
    missed = 0
    for engine in options.engines.split(","):
        figures = _measure(engine, sizes, options.rounds, options.seconds)
        missed += sum(not figure.reached for figure in figures)
        print(
            f"\n{engine}, {sizes[-1]} listings\n\n| goal | what | measured | bound | |\n|---|---|---|---|---|"
        )
        print(*figures, sep="\n", flush=True)
    print(f"\n{missed} missed")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--listings", default="10000", help="size of the market, or two: 1000,200000")
    parser.add_argument("--engines", default="postgres,sqlite", help="postgres, sqlite or both")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=2, help="of each measurement")
    return parser.parse_args()


def _measure(engine: str, sizes: list[int], rounds: int, seconds: int) -> list[goals.Figure]:
    with ExitStack() as open_:
        tiny = open_.enter_context(market(engine, FEW))
        made = [open_.enter_context(market(engine, size)) for size in sizes]
        bare = Target("the limit", open_.enter_context(limit()), ["/page"])
        pages = [_targets(one, open_) for one in made]
        interleave(
            [bare, *(target for found in pages for target in found.values())], rounds=rounds, seconds=seconds
        )
        print(f"\n| {engine} | CPU in units | rate beside the limit |\n|---|---|---|")
        for target in (target for found in pages for target in found.values()):
            print(f"| {target.name} | {in_units(target, bare):.2f} | {of_rate(target, bare):.3f} |")
        figures = goals.speed(pages[-1], bare)
        if len(sizes) > 1:
            figures += goals.growth(pages[0], pages[-1])
        return figures + goals.questions(made[-1], tiny) + goals.first_view(made[-1])


def _targets(one: Market, open_: ExitStack) -> dict[str, Target]:
    server = open_.enter_context(served(one))
    return {page: Target(f"{page} of {one.count}", server, one.paths(page)) for page in PAGES}


if __name__ == "__main__":
    main()
