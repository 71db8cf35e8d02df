# usage: NAME; CRI has no second start: the container that ended gives way to one made alike.
name=$1 dir=$base/$1
[ -z "$(of "$name")" ] || exit 0
[ -e "$dir/container.json" ] || { say "\`$dir\` is gone: the node was started anew; \`up --recreate\` makes the container"; exit 1; }
for old in $(every "$name"); do
	crictl rm "$old" >/dev/null || exit
done
launch
