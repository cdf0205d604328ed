"""Files and volumes: a folder of the host as the drive C:, RAM disks, consoles, and what images are read from.

    names      which names are legal, how they compare, wildcards
    paths      DOS paths to NT paths, NT paths to a device and components
    constants  access rights, share modes, dispositions, attributes
    tree       one host folder, walked name by name without ever leaving it
    store      one or two trees as one: the host folder, or an overlay that takes all changes
    stored     what a store keeps: the status of a name, the bytes of an open file
    ram_disk   a volume in the RAM that the system does not use
    drives     letters, devices, labels
    volume     opens: create dispositions, sharing, deletion; the drive C: and its private \\Windows
    file       file objects (one for each open) and file control blocks (one for each open file)
    directory  directory listings
    console    the standard streams
    image      the bytes an image section is read from

May use ke, ob and se. Every failure is an `IoFailure` that carries an NTSTATUS.
"""
