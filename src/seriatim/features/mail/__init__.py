"""Mail: addresses that people confirm, links for forgotten passwords, invitations, and what somebody missed."""
