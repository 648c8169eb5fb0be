#!/bin/bash
# Furnishes the client machine at its first start, as root: Java, Kafka to unpack, the IAM package, Confluent's REST
# proxy, in the places where the notebooks look for them. What it says is in /var/log/cloud-init-output.log.
set -euo pipefail

dnf install -y java-17-amazon-corretto-headless tar gzip

sudo -iu ec2-user bash -euo pipefail <<'AS_USER'
fetch() {  # fetch <address> <file>: a download that was cut off is begun again, and never taken for a whole one
  curl --fail --silent --show-error --location --retry 5 --output "$2.part" "$1"
  mv "$2.part" "$2"
}

mkdir -p downloads
fetch "${iam_jar_url}" "downloads/${iam_jar}"
fetch "${kafka_url}" "downloads/${kafka}.tgz"
fetch "${rest_proxy_url}" downloads/confluent.tar.gz
mkdir -p confluent
tar -xzf downloads/confluent.tar.gz -C confluent --strip-components 1
ln -sfn confluent kafka-rest
mkdir -p confluent/share/java/kafka-rest-lib
cp "downloads/${iam_jar}" confluent/share/java/kafka-rest-lib/
grep -qx 'export AWS_REGION=${region}' .bashrc || echo 'export AWS_REGION=${region}' >> .bashrc
rm -f downloads/confluent.tar.gz
touch furnished
AS_USER
