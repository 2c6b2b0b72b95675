"""Who is needed: time and calendars, queues and targets, queueing, deferred work, simulation.

Import from the modules: `staffing.erlang`, `staffing.chat`, `staffing.curves`, `staffing.deferred`,
`staffing.workload`, `staffing.requirement`, `staffing.simulation`.
"""
