#!/bin/bash
# The AWS CLI of the client machine is version 1, which has no --cli-binary-format: it reads binary values as
# raw-in-base64-out says. Any other form is refused.
arguments=()
while (($#)); do
  case $1 in
    --cli-binary-format) form=${2-}; shift ;;
    --cli-binary-format=*) form=${1#*=} ;;
    *) arguments+=("$1"); shift; continue ;;
  esac
  shift
  if [[ $form != raw-in-base64-out ]]; then
    echo "The client machine of the lab has AWS CLI version 1, which reads binary values as they stand:" \
      "give --cli-binary-format raw-in-base64-out, or leave it out, and the value without base64, not '$form'." >&2
    exit 252
  fi
done
exec "${program}" "${arguments[@]}"
