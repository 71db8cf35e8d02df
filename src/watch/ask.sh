# usage: tcp|http ADDRESS PORT SECONDS [PATH]; in the network of process $vnfctl_pid.
kind=$1 address=$2 port=$3 seconds=$4 path=${5-}
fail() { printf '%s\n' "$*" >&2; exit 1; }
has() { command -v "$1" >/dev/null; }
inside() { nsenter -t "$vnfctl_pid" -n -- "$@"; }
host=$address
case $host in *:*) host="[$host]" ;; esac
code=
# shellcheck disable=SC2016 # the inner shell's
if has bash; then
	code=$(inside bash -c '
		exec 3<>"/dev/tcp/$1/$2" || exit 1
		[ -n "$4" ] || exit 0
		printf "GET %s HTTP/1.0\r\nHost: %s:%s\r\nUser-Agent: vnfctl\r\nAccept: */*\r\nConnection: close\r\n\r\n" "$4" "$3" "$2" >&3
		read -r _ code _ <&3
		echo "${code%?[[:cntrl:]]}"' bash "$address" "$port" "$host" "$path" 2>&1) || {
		code=${code##*: }
		fail "${code:-no connection}"
	}
elif has curl; then
	code=$(inside curl -s -o /dev/null -m "$seconds" -w '%{http_code} %{time_connect}' "http://$host:$port$path")
	status=$?
	case ${code#* } in 0 | 0.000 | 0.000000 | '') fail "no connection (curl ends with code $status)" ;; esac
	code=${code% *}
elif [ "$kind" = http ] && has wget; then
	inside wget -q -O /dev/null "http://$host:$port$path" || fail "wget ends with code $?"
	exit 0
else
	fail 'neither bash nor curl is on this node'
fi
[ "$kind" = http ] || exit 0
case $code in
[23][0-9][0-9]) ;;
[0-9][0-9][0-9]) fail "status $code" ;;
*) fail 'no HTTP answer' ;;
esac
