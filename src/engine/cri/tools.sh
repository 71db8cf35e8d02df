# What runs or exists of the container with exactly this name: ids. A name is no pattern: it holds
# letters, digits, `_` and `-` only.
base=/run/vnfctl/cri
say() { printf '%s\n' "$*" >&2; }
of() { crictl ps --quiet --name "^$1\$"; }
every() { crictl ps --all --quiet --name "^$1\$"; }
last() { every "$1" | head -n 1; }
pid() { crictl inspect --output go-template --template '{{.info.pid}}' "$1"; }
# Makes a container of $dir/container.json in the sandbox of $dir/pod.json and starts it. Sets id.
launch() {
	{ read -r pod && read -r handler; } <"$dir/names" || return 1
	sandbox=$(crictl pods --quiet --name "^$pod\$" --namespace vnfctl --state Ready) || return 1
	made=
	if [ -z "$sandbox" ]; then
		for old in $(crictl pods --quiet --name "^$pod\$" --namespace vnfctl); do # of a node that was switched off
			crictl rmp --force "$old" >/dev/null || return 1
		done
		sandbox=$(crictl runp ${handler:+--runtime "$handler"} "$dir/pod.json") || return 1
		made=$sandbox
	fi
	id=$(crictl create "$sandbox" "$dir/container.json" "$dir/pod.json") &&
		crictl start "$id" >/dev/null
}
# Removes container $1 and, when it was the last one there, its sandbox.
remove() {
	for id in $(every "$1"); do
		crictl rm --force "$id" >/dev/null || return 1
	done
	{ read -r pod; } 2>/dev/null <"$base/$1/names" || pod=$1
	for sandbox in $(crictl pods --quiet --name "^$pod\$" --namespace vnfctl); do
		[ -n "$(crictl ps --all --quiet --pod "$sandbox")" ] || crictl rmp --force "$sandbox" >/dev/null || return 1
	done
	rm -rf -- "${base:?}/$1" "/var/log/vnfctl/cri/$pod/$1.log"
	rmdir "$base" /run/vnfctl "/var/log/vnfctl/cri/$pod" /var/log/vnfctl/cri /var/log/vnfctl 2>/dev/null
	return 0
}
