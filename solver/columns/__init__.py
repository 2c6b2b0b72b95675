"""Named rosters by column generation: a column is one person's whole horizon.

`problem` holds the data, `search.solve` is the way in. `automaton` and `kernel` price a person
exactly by a dynamic program over days, `master` is the linear program over people's schedules,
`descent`, `dive` and `neighbourhood` make rosters, `relaxation` gives a bound where the master
is too large.
"""
