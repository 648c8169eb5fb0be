#!/bin/bash
# Starts one of Kafka's tools: with the jars in libs/ and on your CLASSPATH, and with your KAFKA_OPTS.
base=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
eval "options=($KAFKA_OPTS)"  # quotes in it may keep a path with blanks together
exec java ${KAFKA_HEAP_OPTS:--Xmx256m} -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto "${options[@]}" \
  "-Dlog4j2.configurationFile=$base/config/tools-log4j2.properties" \
  -cp "$base/libs/*${CLASSPATH:+:$CLASSPATH}" ${java_class} "$@"
