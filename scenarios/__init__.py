"""What if, and for whom: plans, the main job (`scenarios.run`), runs, workbooks, the command."""
