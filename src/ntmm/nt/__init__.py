"""The vocabulary of NT: status codes, Win32 errors, memory constants and system profiles.

Plain data without behaviour of its own. Imports nothing from other rooms.
"""
