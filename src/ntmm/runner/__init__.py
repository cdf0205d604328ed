"""Loading and running programs on a simulated machine, and the report of a run.

    options    what a run is asked for
    checks     what can be refused before a machine is built
    errors     how the tool's user is told
    compile    a C source becomes a program first
    run        builds the machine, runs the program, gathers the report
    report     what a run did, as data
    info       the simulated machine's layout and limits, as rows
    render     report and rows as text or JSON
    rows, sizes, streams, text   small things these share

Import the modules themselves: `errors`, `options` and `report` are cheap, `run` brings in the whole machine.
"""
