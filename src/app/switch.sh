# Puts one topology's part into the node's own VPP. What it put there before is taken out first.
# Before each line of it, what takes it back is noted in a file of the topology's folder: a run
# that was cut short is taken back too, also when the topology's file is gone.
#
# Arguments: CLI socket, folder of the topology, deadline of a line in seconds. Standard input: a
# line of VPP's, a tab, what takes it back (may be empty). Ends with 1 at the first line that VPP
# does not take, with the line and VPP's words on standard error.
set -fu
socket=$1 folder=$2 patience=$3
tab=$(printf '\t')

# vppctl ends with 0 whatever VPP says: what changes something says nothing, or the number of the
# bridge domain it made.
tell() {
	# shellcheck disable=SC2086 # VPP joins the words again
	if said=$(timeout "$patience" vppctl -s "$socket" $1 2>&1 </dev/null); then
		said=$(printf '%s' "$said" | tr -d '\r')
	else
		said="vppctl ended with $?: $said"
		return 1
	fi
	case $said in '' | 'bridge-domain '[0-9]*) ;; *) return 1 ;; esac
}

command -v vppctl >/dev/null || {
	echo "vppctl is not in the PATH of the node" >&2
	exit 1
}
timeout "$patience" vppctl -s "$socket" show version >/dev/null 2>&1 </dev/null || {
	echo "no VPP answers at $socket" >&2
	exit 1
}
mkdir -p "$folder" || exit
journal=$folder/switch
if [ -s "$journal" ]; then
	sed '1!G;h;$!d' "$journal" | while IFS= read -r line; do
		case $line in socket\ *) ;; *) tell "$line" ;; esac
	done
fi
umask 077
printf 'socket %s\n' "$socket" >"$journal" || exit
number=0
while IFS="$tab" read -r line undo; do
	number=$((number + 1))
	case $line in 'set interface l2 '*)
		name=${line#set interface l2 * }
		name=${name%% *}
		mode=$(timeout "$patience" vppctl -s "$socket" show mode "$name" 2>&1 </dev/null | tr -d '\r')
		case $mode in 'l2 '*)
			printf 'interface %s of the VPP at %s serves somebody else: %s\n' "$name" "$socket" "$mode" >&2
			exit 1
			;;
		esac
		;;
	esac
	[ -z "$undo" ] || printf '%s\n' "$undo" >>"$journal" || exit
	tell "$line" || {
		# What could not be made may be somebody else's.
		[ -z "$undo" ] || sed -i '$d' "$journal"
		case $line in *' secret '*) line="${line%% secret *} secret ..." ;; esac
		printf 'line %s of the part for VPP at %s: %s: %s\n' "$number" "$socket" "$line" "$said" >&2
		exit 1
	}
done
