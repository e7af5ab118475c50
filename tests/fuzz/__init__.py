"""What comes from outside may be anything: programs that send it, with short versions of them for pytest.

    python -m tests.fuzz.api [--requests 50000] [--seed 1] [--backend sqlite|postgres]
    python -m tests.fuzz.files [--files 20000] [--seed 1]
"""
