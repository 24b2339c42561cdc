"""`seriatim import slack`: reads an export of Slack, and brings it into the log once, however often it is run."""
