"""The memory manager. Rooms, lowest last; each may use only those after it:

manager             the façade that the rest of the kernel calls
system_space, status_block   what boot makes; figures
space               address spaces: create, delete; reserve, commit, protect, map, query
fault               one file for each kind of page fault, and the ladder that chooses
in_page             reading pages from their file into frames
section | working_set   control areas, segments, prototype PTEs, images | the working-set list
pool | vad          kernel pools | the tree of virtual address descriptors
tables              page tables: PTE formats, walks, self-map
pfn                 the PFN database and the page lists
commit              commit charge and limit
layout              address maps by architecture
"""
