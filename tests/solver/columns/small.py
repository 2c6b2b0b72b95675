"""Tiny random rosters, and what is true of them by listing every schedule."""

from itertools import product

import numpy as np

from solver.columns.problem import Cover, Person, RosterProblem


def small_problem(seed, *, days=8, shifts=2, people=1):
    """A roster problem of made-up rules, tight enough to break each of them."""
    rng = np.random.default_rng(seed)
    may_follow = rng.random((shifts, shifts)) < 0.7
    first = int(rng.integers(0, 7))
    weekend = np.array([{5: 1, 6: 2}.get((first + day) % 7, 0) for day in range(days)])
    team = []
    for number in range(people):
        allowed = np.ones((days, shifts + 1), dtype=bool)
        allowed[:, :-1] = rng.random((days, shifts)) < 0.9
        cost = rng.integers(-3, 4, size=(days, shifts + 1))
        least = int(rng.integers(0, days // 2)) * 60
        team.append(
            Person(
                f"p{number}",
                allowed,
                cost,
                least,
                least + int(rng.integers(0, 6)) * 60,
                int(rng.integers(1, 3)),
                int(rng.integers(2, 5)),
                int(rng.integers(1, 4)),
                int(rng.integers(0, 3)),
                rng.integers(0, 5, size=shifts),
            )
        )
    minutes = rng.choice([60, 120], size=shifts)
    cells = np.array(list(product(range(days), range(shifts))))
    required = rng.integers(0, people + 1, size=len(cells))
    under, over = rng.integers(1, 9, size=(2, len(cells)))
    cover = Cover(required, under, over, np.arange(len(cells)), cells[:, 0], cells[:, 1])
    return RosterProblem(minutes, may_follow, weekend, team, cover)


def keeps_rules(problem, p, row):
    """Every rule of a person, checked on a whole schedule."""
    person = problem.people[p]
    days = len(row)
    if not all(person.allowed[d, s] for d, s in enumerate(row)):
        return False
    worked = [s >= 0 for s in row]
    minutes = sum(problem.minutes[s] for s in row if s >= 0)
    if not person.minutes_min <= minutes <= person.minutes_max:
        return False
    if any(row.count(s) > most for s, most in enumerate(person.count_max)):
        return False
    if any(
        row[d] >= 0 and row[d + 1] >= 0 and not problem.may_follow[row[d], row[d + 1]]
        for d in range(days - 1)
    ):
        return False
    weekends = {d - (problem.weekend[d] == 2) for d in range(days) if problem.weekend[d]}
    busy = sum(any(worked[d] for d in (s, s + 1) if 0 <= d < days and problem.weekend[d])
               for s in weekends)  # fmt: skip
    if busy > person.weekends_max:
        return False
    start = 0
    for stop in range(1, days + 1):
        if stop < days and worked[stop] == worked[start]:
            continue
        inside, length = start > 0 and stop < days, stop - start
        if worked[start] and (length > person.run_max or (inside and length < person.run_min)):
            return False
        if not worked[start] and inside and length < person.rest_min:
            return False
        start = stop
    return True


def schedules(problem, p):
    """Every schedule that keeps a person's rules, (N, D)."""
    choices = product(range(-1, problem.shifts), repeat=problem.days)
    rows = [row for row in choices if keeps_rules(problem, p, row)]
    return np.array(rows, dtype=np.int16).reshape(-1, problem.days)
