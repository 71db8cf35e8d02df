# usage: NAME. Waits until it has ended and prints its exit code.
while [ -n "$(of "$1")" ]; do sleep 0.2 2>/dev/null || sleep 1; done
id=$(last "$1") && [ -n "$id" ] || { say "container \`$1\` does not exist"; exit 1; }
crictl inspect --output go-template --template '{{.status.exitCode}}' "$id"
