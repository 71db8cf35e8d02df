#!/bin/sh
# testpmd-ctl COMMAND...: gives the testpmd of this container a command, e.g. `show port stats all`, and
# prints the answer. Several commands: one argument of several lines; nobody else's come between.
# Exit code 1: testpmd does not run, or does not answer within 10 s.
cd "${0%/*}/testpmd" 2>/dev/null || { echo "testpmd-ctl: there is no testpmd here" >&2; exit 1; }
[ $# -gt 0 ] || { echo "usage: testpmd-ctl COMMAND..., e.g. testpmd-ctl show port stats all" >&2; exit 2; }
runs() { pid=$(cat pid 2>/dev/null) && kill -0 "$pid" 2>/dev/null; }
runs || { echo "testpmd-ctl: testpmd does not run" >&2; exit 1; }
umask 077
id=$$-$(date +%s)
answer=answers/$id.done
trap 'rm -f "answers/$id" "$answer"' EXIT
trap 'exit 1' INT TERM HUP
# One write, so that commands of others stay whole; `<>` never waits for a reader.
text="# vnfctl-begin $id
$*
# vnfctl-end $id
"
[ ${#text} -le 4096 ] || { echo "testpmd-ctl: more than testpmd reads at once" >&2; exit 2; }
printf %s "$text" 1<>in
end=$(($(date +%s) + 10))
until [ -e "$answer" ]; do
	runs || { echo "testpmd-ctl: testpmd has ended" >&2; exit 1; }
	[ "$(date +%s)" -lt "$end" ] || { echo "testpmd-ctl: testpmd does not answer within 10 s" >&2; exit 1; }
	sleep 0.05 2>/dev/null || sleep 1
done
sed '/^testpmd> /d' "$answer"
