"""Assembly only: settings, roles, the command line, start and stop."""
