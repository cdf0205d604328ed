"""`python -m benchmarks`: speed as ratios, both sides measured in one process, best of several rounds."""
