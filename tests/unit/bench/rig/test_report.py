"""Rows and reports: medians, ratios of the same round, and what floor and goal say."""

import json

import pytest

from seriatim.bench.rig.report import Case, Report, Samples, unmeasured

RATE = Case("rate", "msg/s", floor=0.6, goal=0.8)
MEMORY = Case("memory", "kB", floor=7.5, goal=6.5, judged="value", better="less")
COLUMNS = {"case", "value", "unit", "yardstick", "ratio", "floor", "floor_met", "goal", "goal_met", "min", "max"}


def test_a_row_has_the_median_of_the_rounds_own_ratios() -> None:
    samples = Samples(RATE)
    for value, yardstick in ((70, 100), (14, 20), (9, 10)):  # the machine was busy in all but the first round
        samples.add(value, yardstick)
    row = samples.row()
    assert (row["value"], row["yardstick"], row["ratio"]) == (14, 20, 0.7)
    assert (row["min"], row["max"], row["samples"]) == (9, 70, 3)
    assert (row["floor_met"], row["goal_met"]) == (True, False)


def test_less_is_better_where_the_case_says_so() -> None:
    samples = Samples(MEMORY)
    samples.add(7.0, 1.0)
    row = samples.row()
    assert (row["floor_met"], row["goal_met"]) == (True, False)


def test_a_yardstick_too_fast_to_measure_gives_no_ratio_and_meets_nothing() -> None:
    samples = Samples(RATE)
    samples.add(5.0, 0.0)
    row = samples.row()
    assert (row["ratio"], row["floor_met"], row["goal_met"]) == (None, None, None)


@pytest.mark.parametrize("row", [Samples(RATE, [1.0], [2.0]).row(), unmeasured(RATE, "no C compiler here")])
def test_every_row_has_the_agreed_columns(row: dict[str, object]) -> None:
    assert row.keys() >= COLUMNS | {"samples"}


def test_what_cannot_be_measured_says_so_and_shows_no_figure() -> None:
    report = Report("send", [unmeasured(RATE, "no C compiler here")], {}, {})
    assert "unmeasured" in report.table()
    (row,) = json.loads(report.json())["results"]
    assert row["unmeasured"] == "no C compiler here"
    assert row["value"] is row["floor_met"] is row["goal_met"] is None


def test_the_json_is_one_line_that_names_commit_machine_and_raised_settings() -> None:
    text = Report("send", [], {"SERIATIM_PORT": "0"}, {}).json()
    assert "\n" not in text
    said = json.loads(text)
    assert said["bench"] == "send"
    assert said["commit"]
    assert "load" in said["machine"]
    assert said["settings"] == {"SERIATIM_PORT": "0"}
