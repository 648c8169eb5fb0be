#!/bin/bash
# Starts the REST proxy with a properties file; it runs until it is told to stop.
exec "${python}" -m lab.rest_proxy "$@"
