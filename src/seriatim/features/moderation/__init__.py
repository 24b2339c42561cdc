"""Order in conversations: silencing, banning, blocking, reports and the audit."""
