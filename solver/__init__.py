"""Who works when: data (`solver.problem`), designing (`solver.optimize`), naming (`solver.roster`).

`solver.check` recomputes cost and every rule from the finished schedule, apart from the model.
"""
