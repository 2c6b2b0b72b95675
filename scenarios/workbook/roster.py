"""roster.xlsx: a summary, a sheet per team, coverage, service, cost, and what was not met."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from scenarios.i18n import translator
from scenarios.wording import Word
from scenarios.workbook.book import Book
from scenarios.workbook.codes import AWAY, ShiftCode, coded
from scenarios.workbook.coverage import add_coverage
from scenarios.workbook.tables import add_cost, add_not_met, add_service, add_summary
from scenarios.workbook.team import Team, add_team

if TYPE_CHECKING:
    from scenarios.runs import Run


def write_roster(run: Run, path: str | Path, language: str = "en") -> None:
    """Write the roster's workbook.

    The team sheets stay live: hours, shifts, rest days and head-counts are formulas over the codes
    in the cells and the legend below them.

    Parameters
    ----------
    run
        A run.
    path
        The .xlsx file to write.
    language
        en or zh.
    """
    roster_book(run, language).save(path)


def roster_book(run: Run, language: str = "en") -> Book:
    """Make the roster's workbook: summary, teams, then the rest."""
    word = translator(language)
    book = Book(language)
    add_summary(book, run, word)
    first, last = run.span
    heading = f"{run.result.get('name', '')} · {first} – {last}"
    for team in teams(run, word):
        add_team(book, team, heading, word)
    service = run.tables["service"]
    labels = {
        q: label for q, label in zip(service["queue"], service["label"], strict=True) if label
    }
    add_coverage(book, run, labels, word)
    add_service(book, run, word)
    add_cost(book, run, word)
    add_not_met(book, run, word)
    return book


def teams(run: Run, word: Word) -> list[Team]:
    """Split a run's roster by team, in the order of their names."""
    schedule = run.tables["schedule"]
    people = _people(run)
    codes = coded(schedule, {word(sign) for sign, _ in AWAY.values()})
    cells = {
        (agent, date): word(AWAY[kind][0])
        for agent, date, kind in run.tables["availability"].itertuples(index=False)
        if kind in AWAY
    }
    cells |= {
        (agent, date): code.code
        for agent, date, code in zip(schedule["agent"], schedule["date"], codes, strict=True)
    }
    found = []
    for name, members in people.groupby("team", sort=True):
        worked = schedule["contract"].isin(set(members["contract"]))
        found.append(
            Team(
                name=str(name) or word("Roster"),
                people=members,
                cells=cells,
                codes=_legend(codes[worked] if worked.any() else codes),
                days=run.tables["days"],
            )
        )
    return [team for team in found if team.codes]


def _legend(codes: pd.Series) -> list[ShiftCode]:
    return sorted(set(codes), key=lambda c: (c.start_min, c.end_min, c.code))


def _people(run: Run) -> pd.DataFrame:
    """List everybody: those of the agents table, and those who only the schedule knows."""
    columns = ["agent", "name", "team", "contract", "role"]
    people = pd.concat([run.tables["agents"][columns], run.tables["schedule"][columns]])
    people = people.drop_duplicates("agent").reset_index(drop=True)
    people["name"] = people["name"].where(people["name"] != "", people["agent"])
    twice = people["name"].duplicated(keep=False) & (people["name"] != people["agent"])
    people.loc[twice, "name"] = people["name"] + " (" + people["agent"] + ")"
    return people.sort_values(["team", "role", "contract", "agent"], kind="stable")
