"""Files and volumes: a folder of the host as the drive C:, consoles, and what images are read from.

    names      which names are legal, how they compare, wildcards
    paths      DOS paths to NT paths, NT paths to a device and components
    constants  access rights, share modes, dispositions, attributes
    tree       one host folder, walked name by name without ever leaving it
    store      one or two trees as one: the host folder, or an overlay that takes all changes
    volume     opens: create dispositions, sharing, deletion; the drive C: and its private \\Windows
    file       file objects (one for each open) and file control blocks (one for each open file)
    directory  directory listings
    console    the standard streams
    image      the bytes an image section is read from

May use ke, ob and se. Every failure is an `IoFailure` that carries an NTSTATUS.
"""
