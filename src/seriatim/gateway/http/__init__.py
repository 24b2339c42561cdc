"""HTTP at the edge: the routes of all features, who calls, refusals as problems, and the web client's files."""
