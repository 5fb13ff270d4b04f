"""The page that has all experiments: what was predicted and measured, where the course's order does not hold."""
from __future__ import annotations

import html
import json
from pathlib import Path

import report as reports
from drawing import shown
from measures import MEASURES
from recipes import NAMES
from subjects import COURSE

STYLE = """
body { font: 16px/1.55 system-ui, sans-serif; color: #1c2b33; max-width: 1180px; margin: 2em auto; padding: 0 1em }
section { margin: 3em 0; border-top: 1px solid #dde5ea } svg { max-width: 100%; height: auto }
table { border-collapse: collapse; font-size: 14px }
td, th { padding: 4px 12px 4px 0; text-align: left; vertical-align: top; border-bottom: 1px solid #dde5ea }
td.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap } .soft { color: #61757f }
.held { color: #1a7f4b } .reversed, .not-so { color: #c4302b } .not-told-apart { color: #7a6a00 }
.box { background: #f3f6f8; padding: .6em 1em }
summary { cursor: pointer; color: #61757f } a { color: #0072b2 }
"""


def tag(name: str, words: str, kind: str = "") -> str:
    return f"<{name}{f' class={kind!r}' if kind else ''}>{words}</{name}>"


def verdict(word: str) -> str:
    return tag("b", html.escape(word), word.replace(" ", "-"))


def course_words(report: dict) -> str:
    """One cell: does the course's order hold?"""
    pairs = report["course pairs"]
    if not pairs:
        return tag("span", "not about it", "soft")
    if all(p["verdict"] == "held" for p in pairs):
        return verdict("held")
    return "<br>".join(f"{p['better']} before {p['worse']}: {verdict(p['verdict'])}" for p in pairs
                       if p["verdict"] != "held")


def summary_table(found: list[dict]) -> str:
    rows = []
    for r in found:
        rows.append("<tr>" + tag("td", f"<a href='#{r['name']}'>{r['number']}. {html.escape(r['title'])}</a><br>"
                                 + tag("span", f"by {html.escape(MEASURES[r['prediction']['measure']].name)}", "soft"))
                    + tag("td", html.escape(reports.named(r, r["prediction"]["order"])))
                    + tag("td", html.escape(reports.named(r, r["measured order"])) + "<br>"
                          + tag("span", html.escape(reports.held(r)), "soft"))
                    + tag("td", course_words(r)) + "</tr>")
    head = "<tr><th>experiment<th>predicted<th>measured (=: not told apart)<th>the course's order</tr>"
    return f"<table>{head}{''.join(rows)}</table>"


def numbers(report: dict) -> str:
    """All that was measured, as medians with their intervals."""
    columns = [MEASURES[key] for key in report["columns"]]
    head = "<tr><th>" + "".join(f"<th>{html.escape(m.name)}, {html.escape(m.unit)}" for m in columns) + "</tr>"
    rows = []
    for key in [k for tier in report["measured order"] for k in tier]:
        cells = []
        for m in columns:
            v = report["summary"][key].get(m.key)
            cells.append(tag("td", f"{shown(v['median'])} <span class=soft>[{shown(v['low'])}, "
                                   f"{shown(v['high'])}]</span>" if v else "–", "n"))
        rows.append("<tr>" + tag("td", html.escape(report["subjects"][key]["name"])) + "".join(cells) + "</tr>")
    return f"<table>{head}{''.join(rows)}</table>"


def pairs_list(report: dict) -> str:
    name = {key: subject["name"] for key, subject in report["subjects"].items()}
    items = [f"<li>{html.escape(name[p['better']])} {'like' if p['equal'] else 'before'} "
             f"{html.escape(name[p['worse']])}: {verdict(p['verdict'])}"
             for p in report["predicted pairs"]]
    return f"<details><summary>{html.escape(reports.held(report))}</summary><ul>{''.join(items)}</ul></details>"


def course_list(report: dict) -> str:
    fails = [p for p in report["course pairs"] if p["verdict"] != "held"]
    if not report["course pairs"]:
        return ""
    if not fails:
        return "<p>The course's order holds here.</p>"
    items = [f"<li>{p['better']} before {p['worse']}: {verdict(p['verdict'])}. {html.escape(p['why'])}" for p in fails]
    return f"<p>Where the course's order does not hold:</p><ul>{''.join(items)}</ul>"


def calls_list(report: dict) -> str:
    calls = report["detail"].get("system calls")
    if not calls:
        return ""
    items = []
    for key, of in calls.items():
        most = ", ".join(f"{name} {n:g}" for name, n in list(of.items())[:8])
        items.append(f"<li>{html.escape(report['subjects'][key]['name'])}: {most}")
    return f"<details><summary>System calls per request, by name</summary><ul>{''.join(items)}</ul></details>"


def section(report: dict, svg: str) -> str:
    predicted, name = report["prediction"], report["name"]
    parts = [tag("h2", f"{report['number']}. {html.escape(report['title'])}")]
    if report["quick"]:
        parts.append(tag("p", "A quick run: one short slice each. It shows that all works, and no more.", "reversed"))
    parts += [
        tag("p", html.escape(report["question"])),
        tag("div", f"<b>Predicted</b>, by {html.escape(MEASURES[predicted['measure']].name)}: "
            f"{html.escape(reports.named(report, predicted['order']))}. {html.escape(predicted['why'])}<br>"
            f"<b>Measured</b>: {html.escape(reports.named(report, report['measured order']))}.", "box"),
        pairs_list(report), svg, course_list(report),
        tag("ul", "".join(f"<li>{html.escape(n)}" for n in report["notes"]), "soft"),
        f"<details><summary>Numbers: medians, and between what they lie with 95 %</summary>{numbers(report)}</details>",
        calls_list(report),
        tag("p", f"{report['seconds']:.0f} s; <a href='{name}.json'>all slices</a>, <a href='{name}.svg'>picture</a>; "
            f"recipe: userland/servers/experiments/recipes/{name}.py", "soft")]
    return f"<section id='{name}'>{''.join(parts)}</section>"


def state_section(out: Path) -> str:
    """Stateful, stateless and soft state are measured by a program of their own. What it leaves here is shown:
    state.json, {"title": ..., "rows": [{column: value, ...}, ...], "notes": [...]}, and state.svg."""
    path = out / "state.json"
    if not path.exists():
        return ""
    state, svg = json.loads(path.read_text()), out / "state.svg"
    rows = state.get("rows", [])
    columns = list(dict.fromkeys(key for row in rows for key in row))
    table = "<table><tr>" + "".join(f"<th>{html.escape(c)}" for c in columns) + "</tr>" + "".join(
        "<tr>" + "".join(tag("td", html.escape(str(row.get(c, "–"))))
                         for c in columns) + "</tr>" for row in rows) + "</table>"
    notes = "".join(f"<li>{html.escape(n)}" for n in state.get("notes", []))
    picture = svg.read_text() if svg.exists() else ""
    if not rows:
        table = tag("pre", html.escape(json.dumps(state, indent=1)))
    return (f"<section id=state><h2>{html.escape(state.get('title', 'Where the state is'))}</h2>{picture}{table}<ul "
            f"class=soft>{notes}</ul></section>")


def head(report: dict) -> str:
    machine = report["machine"]
    return (tag("h1", "One HTTP service in four architectures")
            + tag("p", f"The course says, by performance: <b>{html.escape(' > '.join(COURSE))}</b>. That is so under "
                  "conditions. Ten experiments say which: each predicts an order, measures, and gives no order where "
                  "the intervals overlap.")
            + tag("p", f"{html.escape(machine['cpu'])}, {machine['processors']} CPUs, Linux "
                  f"{html.escape(machine['kernel'])}; {html.escape(report['cpus'])}. A request's price is the server's CPU "
                  "time, of all its processes: other work on the machine changes that least.", "soft"))


def write(out: Path) -> None:
    found = [json.loads((out / f"{name}.json").read_text()) for name in NAMES if (out / f"{name}.json").exists()]
    if not found:
        return
    body = "".join(section(r, (out / f"{r['name']}.svg").read_text()) for r in found)
    (out / "index.html").write_text(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Four architectures, ten experiments</title>"
        f"<style>{STYLE}</style>{head(found[0])}{summary_table(found)}{body}{state_section(out)}</html>\n")
