"""The PE format: `headers` reads and verifies an image file's headers, `build` writes DLL images.

Knows files only, no machine: nothing here is mapped, relocated or bound. Imports no other room.
"""
