"""Run, build and open the notebooks."""
