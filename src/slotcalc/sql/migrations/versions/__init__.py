"""The revisions of the tables, each with its SQL beside it; one that was released never changes."""
