# usage: FILE LEASE SHELL; a keeper: its open file 9 is the lock. It ends when the shell of the lane
# ends (SHELL `-`: not known), when its lease of so many seconds was not renewed (USR1), or when told
# to (TERM). Whoever holds the lock may remove its file, nobody else.
file=$1 lease=$2 shell=$3 left=$2 told=''
trap 'left=$lease' USR1
trap 'left=0 told=1' TERM
cd /
[ "$shell" = - ] || started "$shell" || left=0
first=$start
while [ "$left" -gt 0 ]; do
	sleep 1 9>&-
	left=$((left - 1))
	[ "$shell" = - ] || { started "$shell" && [ "$start" = "$first" ]; } || break
done
# What a run without a lock has sent must not be begun any more.
if [ -z "$told" ] && [ "$left" -le 0 ] && started "$shell" && [ "$start" = "$first" ]; then
	kill -KILL "$shell"
fi
rm -f "$file"
rmdir "${file%/*}" 2>/dev/null
