"""Guest code: the part of the system DLLs that runs inside the simulated process, in C; no Python.

source/        the C sources by topic; source/include holds their headers
exports.txt    which export of which system DLL is which function of ntmmrt.dll
imports.txt    the services that guest code traps into, with the bytes of their arguments on a 32-bit stack
x86/, x64/     ntmmrt.dll as built by scripts/build_guest.py
manifest.json  SHA-256 of every source and of the built DLLs
"""
