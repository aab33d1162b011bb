// Room of its own; see docs/how-it-works.md.
