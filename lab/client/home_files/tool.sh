#!/bin/bash
# Starts one of Kafka's tools: with the jars in libs/ and on your CLASSPATH, and with your KAFKA_OPTS.
# what an EC2 instance and a cluster of three brokers have, and the lab has not
if [[ "$CLASSPATH $*" == *"/home/ec2-user"* && ! -e /home/ec2-user ]]; then
  echo "The lab: the home folder of this machine is $HOME, not /home/ec2-user." >&2
fi
if [[ " $* " =~ " --create " && " $* " =~ \ --replication-factor[\ =]([0-9]+)\  && $${BASH_REMATCH[1]} != 1 ]]; then
  echo "The lab has one broker, and no topic can have $${BASH_REMATCH[1]} replicas: --replication-factor 1, or -1" \
    "for the broker's own number, is what it takes." >&2
  exit 1
fi
base=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
eval "options=($KAFKA_OPTS)"  # quotes in it may keep a path with blanks together
exec java ${KAFKA_HEAP_OPTS:--Xmx256m} -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto "${options[@]}" \
  "-Dlog4j2.configurationFile=$base/config/tools-log4j2.properties" \
  -cp "$base/libs/*${CLASSPATH:+:$CLASSPATH}" ${java_class} "$@"
