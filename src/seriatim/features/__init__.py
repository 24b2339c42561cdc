"""The rules of chat, one folder per noun; they never import each other."""
