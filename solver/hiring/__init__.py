"""Who is hired, bought and worked over a year of months at minimum cost, with a proved bound.

A month knows hours, not shifts: each queue asks for hours of an experienced person, each group of
people (a contract in a role) gives paid hours, of which a share is productive. The model is that
of staffing with learning and turnover (Gans and Zhou, Operations Research 50, 2002), written as a
mixed integer programme over months:

- people on the roll: what stayed of last month's and whole hires, who come in classes;
- hours lost to training and ramp are taken off, by months since each class began;
- hours on live queues leave waiting time, which deferred work of the same people may fill;
- overtime by tier, outsourced hours with a least purchase and price steps, temporary people.

What cannot be covered is bought at a price above any other, so that there is always an answer.
"""

from solver.hiring.choose import plan_hiring, recourse_costs
from solver.hiring.inefficiency import scheduling_inefficiency
from solver.hiring.problem import HiringPlan, HiringProblem, Post, Staff, Step, Tier, Work

__all__ = [
    "HiringPlan",
    "HiringProblem",
    "Post",
    "Staff",
    "Step",
    "Tier",
    "Work",
    "plan_hiring",
    "recourse_costs",
    "scheduling_inefficiency",
]
