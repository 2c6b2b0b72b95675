"""The year's budget: people, hires and money by month, from the same plan as the roster."""
