"""The language of Seriatim, without I/O: frames, entries, codes, limits, the server's session and the client's link."""
