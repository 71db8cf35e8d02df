# First process of an init container: LXC forgets exit codes, so this one is left in a folder of the
# node. A first process ignores what it does not catch.
trap 'kill -TERM "$child" 2>/dev/null' TERM
"$@" &
child=$!
while :; do
	wait "$child"
	code=$?
	kill -0 "$child" 2>/dev/null || break
done
echo "$code" >/.vnfctl-init/code
exit "$code"
