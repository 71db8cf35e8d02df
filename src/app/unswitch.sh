# Takes out of the node's own VPP what one topology put there, in reverse order, and nothing else.
# What is gone already (also VPP itself) is no error.
#
# Arguments: folder of the topology, deadline of a line in seconds, and `all` where the folder goes
# as well.
set -fu
folder=$1 patience=$2 what=${3-}
journal=$folder/switch
socket=$(sed -n 's/^socket //p;q' "$journal" 2>/dev/null)
if [ -n "$socket" ] && timeout "$patience" vppctl -s "$socket" show version >/dev/null 2>&1 </dev/null; then
	sed '1!G;h;$!d' "$journal" | while IFS= read -r line; do
		case $line in
		socket\ *) ;;
		*)
			# shellcheck disable=SC2086 # VPP joins the words again
			timeout "$patience" vppctl -s "$socket" $line >/dev/null 2>&1 </dev/null
			;;
		esac
	done
fi
if [ "$what" = all ]; then
	rm -rf -- "$folder" || exit
	# Those above it go with the last folder in them.
	rmdir "${folder%/*}" 2>/dev/null && rmdir "${folder%/*/*}" 2>/dev/null
	exit 0
else
	rm -f -- "$journal"
fi
