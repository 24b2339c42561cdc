"""The language described from its own structs: TypeScript, the AsyncAPI document, the tables of docs/protocol.md."""
