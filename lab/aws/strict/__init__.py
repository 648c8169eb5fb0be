"""As on AWS: where AWS is late or refuses, and a laptop's lab would not, the lab does so too, if it is asked to."""
