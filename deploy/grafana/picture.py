"""Draws the dashboards without Grafana: every panel of deploy/grafana/dashboards/*.json, from what a Prometheus answers to
its very queries.

    python deploy/grafana/picture.py http://127.0.0.1:9090 SINCE UNTIL FOLDER

SINCE and UNTIL are seconds since 1970. It writes FOLDER/well.svg and FOLDER/hears.svg. Places, units, legends, thresholds
and colours are those of the JSON; the lines are not as finely drawn as Grafana's.
"""

import html
import json
import math
import pathlib
import re
import sys
import urllib.parse
import urllib.request

FOLDER = pathlib.Path(__file__).resolve().parent / "dashboards"
COLUMN, LINE, GAP = 52, 30, 4
SAMPLES = 120
# Lines of legends in a panel; Grafana lets one scroll.
LEGENDS = 4
COLOURS = ["#73bf69", "#f2cc0c", "#5794f2", "#ff9830", "#f2495c", "#b877d9", "#8ab8ff", "#96d98d", "#ffb357", "#c0d8ff"]
NAMED = {"green": "#56a64b", "red": "#e02f44", "blue": "#5794f2", "yellow": "#f2cc0c", "orange": "#ff9830"}


class Prometheus:
    def __init__(self, url, since, until):
        self.url, self.since, self.until = url, since, until

    def lines(self, target):
        """Each line that a query gives: its legend, and its points as (second, value)."""
        query = target["expr"].replace("$__rate_interval", "20s").replace("$brand", ".+")
        step = (self.until - self.since) / SAMPLES
        asked = urllib.parse.urlencode({"query": query, "start": self.since, "end": self.until, "step": step})
        answer = json.load(urllib.request.urlopen(f"{self.url}/api/v1/query_range?{asked}", timeout=30))
        for line in answer["data"]["result"]:
            points = [(at, float(value)) for at, value in line["values"] if math.isfinite(float(value))]
            labels = line["metric"]
            legend = re.sub(r"{{(\w+)}}", lambda name: labels.get(name[1], ""), target["legendFormat"])
            if points:
                yield legend, points


def shown(value, unit):
    """A value as people read it."""
    if unit == "percentunit":
        return f"{value * 100:.3g} %"
    if unit == "s":
        return f"{value * 1e3:.3g} ms" if value < 1 else f"{value:.3g} s"
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g} {letter}" + ("B" if unit == "bytes" else "")
    return f"{value:.3g}" + {"reqps": "/s", "bytes": " B"}.get(unit, "")


def text(x, y, words, size=11, colour="#ccccdc", anchor="start"):
    words = html.escape(words)
    return f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" fill="{colour}" text-anchor="{anchor}">{words}</text>'


def box(x, y, width, height, colour):
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}" rx="2"/>'


def stat(panel, lines, unit, x, y, width, height):
    value = lines[0][1][-1][1]
    steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    colour = [step["color"] for step in steps if step["value"] is None or value >= step["value"]][-1]
    yield box(x, y, width, height, NAMED[colour])
    yield text(x + width / 2, y + height / 2 + 10, shown(value, unit), 26, "#ffffff", "middle")


def bars(lines, unit, x, y, width, height):
    most = max(points[-1][1] for _, points in lines) or 1
    for n, (legend, points) in enumerate(sorted(lines, key=lambda line: -line[1][-1][1])):
        value, top = points[-1][1], y + 8 + n * 26
        yield text(x + 4, top + 14, legend)
        yield box(x + 120, top, (width - 190) * value / most, 18, COLOURS[0])
        yield text(x + width - 4, top + 14, shown(value, unit), anchor="end")


def colour_of(panel, legend, n):
    for override in panel["fieldConfig"]["overrides"]:
        if override["matcher"]["options"] == legend:
            return NAMED[override["properties"][0]["value"]["fixedColor"]]
    return COLOURS[n % len(COLOURS)]


def is_dashed(panel, legend):
    return any(
        one["matcher"]["id"] == "byRegexp" and re.fullmatch(one["matcher"]["options"], legend)
        for one in panel["fieldConfig"]["overrides"]
    )


def series(panel, lines, unit, span, x, y, width, height):
    most = max((value for _, points in lines for _, value in points), default=0) or 1
    across = max(1, int(width / (24 + 6.5 * max((len(legend) for legend, _ in lines), default=0))))
    rows = min(LEGENDS, math.ceil(len(lines) / across))
    left, bottom = x + 54, y + height - 6 - 14 * rows
    for part in (0, 0.5, 1):
        level = bottom - (bottom - y - 6) * part
        yield f'<path d="M{left:.0f} {level:.1f}H{x + width:.0f}" stroke="#2c3235"/>'
        yield text(left - 4, level + 4, shown(most * part, unit), 10, "#9fa7b3", "end")
    for n, (legend, points) in enumerate(lines):
        colour = colour_of(panel, legend, n)
        place = [
            (left + (x + width - left) * (at - span[0]) / (span[1] - span[0]), bottom - (bottom - y - 6) * value / most)
            for at, value in points
        ]
        path = "L".join(f"{px:.1f} {py:.1f}" for px, py in place)
        dashed = ' stroke-dasharray="4 4"' if is_dashed(panel, legend) else ""
        yield f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="1.3"{dashed}/>'
        if n // across < rows:
            at, level = x + 6 + n % across * (width / across), bottom + 16 + n // across * 14
            yield box(at, level - 5, 10, 3, colour)
            yield text(at + 14, level, legend or "value", 10)


def draw(dashboard, prometheus):
    span = (prometheus.since, prometheus.until)
    parts, end = [], 0
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        x, y = place["x"] * COLUMN + GAP, place["y"] * LINE + 40
        width, height = place["w"] * COLUMN - GAP, place["h"] * LINE - GAP
        end = max(end, y + height)
        if panel["type"] == "row":
            parts.append(text(x, y + 20, panel["title"], 15))
            continue
        unit = panel["fieldConfig"]["defaults"]["unit"]
        lines = [line for target in panel["targets"] for line in prometheus.lines(target)]
        parts += [box(x, y, width, height, "#181b1f"), text(x + 6, y + 16, panel["title"], 12)]
        inner = (x + 4, y + 22, width - 8, height - 28)
        if not lines:
            parts.append(text(x + width / 2, y + height / 2, "No data", 14, "#9fa7b3", "middle"))
        elif panel["type"] == "stat":
            parts += stat(panel, lines, unit, *inner)
        elif panel["type"] == "bargauge":
            parts += bars(lines, unit, *inner)
        else:
            parts += series(panel, lines, unit, span, *inner)
    size = f'width="{24 * COLUMN + GAP}" height="{end + GAP}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="Inter, Noto Sans CJK SC, sans-serif">'
    ground = f'<rect width="100%" height="100%" fill="#111217"/>{text(GAP, 26, dashboard["title"], 18)}'
    return "\n".join([head, ground, *parts, "</svg>\n"])


def main(url, since, until, folder):
    prometheus = Prometheus(url, float(since), float(until))
    pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    for path in sorted(FOLDER.glob("*.json")):
        picture = draw(json.loads(path.read_text()), prometheus)
        (pathlib.Path(folder) / f"{path.stem}.svg").write_text(picture)


if __name__ == "__main__":
    main(*sys.argv[1:])
