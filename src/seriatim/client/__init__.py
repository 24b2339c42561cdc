"""The Python SDK: everything a program needs to talk to a Seriatim server."""
