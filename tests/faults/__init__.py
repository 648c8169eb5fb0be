"""A package, so that the lab of all faults lives as long as the folder's tests and no longer."""
