"""Hints between gateways: a port and its technologies."""
