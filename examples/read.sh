#!/bin/sh
# Read a file over HTTP and print the result: examples/read.sh FILE [URL]
# The key, where the server asks for one, is taken from OCRQ_API_KEY.
set -eu

[ $# -ge 1 ] || { echo "usage: $0 FILE [URL]" >&2; exit 2; }
file=$1
url=${2:-http://127.0.0.1:8000}
[ -r "$file" ] || { echo "$0: cannot read $file" >&2; exit 1; }

# The JSON goes through a pipe: a command line is limited to far less than a page.
{
    printf '{"image": "'
    base64 < "$file" | tr -d '\n'
    printf '"}'
} | curl -sS --fail-with-body "$url/extract_text" \
    -H 'Content-Type: application/json' \
    ${OCRQ_API_KEY:+-H "Authorization: Bearer $OCRQ_API_KEY"} \
    --data-binary @-
echo
