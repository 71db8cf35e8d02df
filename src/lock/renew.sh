# usage: BASE RUN NAME...; begins the lease of each lock anew; prints `lost NAME` where it has ended.
place "$1"
mine=$2
shift 2
for name; do
	facts "$base/$name"
	[ "$run" = "$mine" ] && lives && kill -USR1 "$keeper" || printf 'lost %s\n' "$name"
done
