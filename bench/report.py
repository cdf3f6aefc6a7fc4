"""The one table of the benchmark, and the same as JSON."""

import json


def time_text(seconds):
    for unit, scale in (("s", 1), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


class Report:
    """Rows as they come: printed at once, kept for the JSON."""

    def __init__(self):
        self.rows, self.section, self.facts = [], None, {}

    def fact(self, name, value, text):
        self.facts[name] = value
        print(f"  {text}", flush=True)

    def begin(self, section, about):
        self.section = section
        print(f"\n{section}: {about}", flush=True)

    def row(self, case, ours, over, quartiles, goal, seconds, runs, lower_is_better=True, note=""):
        """One ratio: `ours` over `over`, by quartiles; `seconds` are medians of the two."""
        met = None if goal is None else (quartiles[1] <= goal if lower_is_better else quartiles[1] >= goal)
        self.rows.append({
            "section": self.section, "case": case, "ours": ours, "over": over, "ratio": quartiles[1],
            "quartiles": [quartiles[0], quartiles[2]], "goal": goal, "lower_is_better": lower_is_better, "met": met,
            "seconds": list(seconds), "runs": runs, "note": note})
        sign = "≤" if lower_is_better else "≥"
        verdict = "" if goal is None else f"{sign} {goal:g} {'yes' if met else 'NO'}"
        times = " / ".join(time_text(s) for s in seconds)
        print(f"  {case:<42} {over:<16} {quartiles[1]:8.3f}  [{quartiles[0]:.3f}, {quartiles[2]:.3f}]"
              f"{runs:5d}  {verdict:<11} {times}{'  ' + note if note else ''}", flush=True)

    def failure(self, case, why):
        self.rows.append({"section": self.section, "case": case, "error": why})
        print(f"  {case:<42} FAILED: {why}", flush=True)

    def failed(self):
        return [row for row in self.rows if "error" in row]

    def write(self, path):
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"facts": self.facts, "rows": self.rows}, file, indent=1)
            file.write("\n")

    def summary(self):
        judged = [row for row in self.rows if row.get("met") is not None]
        print(f"\n{sum(row['met'] for row in judged)} of {len(judged)} goals met, {len(self.failed())} rows failed")
