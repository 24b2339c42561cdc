"""One port, one process: HTTP by uvicorn, WebSockets by picows, both with the limits that these two leave out."""
