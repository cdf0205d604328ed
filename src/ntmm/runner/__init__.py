"""Loading and running programs on a simulated machine, and the report of a run.

    options    what a run is asked for
    checks     what can be refused before a machine is built
    errors     how the tool's user is told
    compile    a C source becomes a program first
    run        builds the machine, runs the programs, gathers the report
    machine    a machine into which programs can be loaded
    session    the thread that loads the programs and returns the memory of those that end
    timeline   samples of the page lists over virtual time; timeline_file writes them
    report     what a run did, as data; report_memory is the machine's part of it
    measure    fills the report; measure_process and measure_memory fill its parts
    check      audits the memory manager's books after the run
    info       the simulated machine's layout and limits, as rows
    render     report and rows as text or JSON; sections are the text's tables, table draws them
    rows, sizes, streams, text   small things these share

Import the modules themselves: `errors`, `options` and `report` are cheap, `run` brings in the whole machine.
"""
