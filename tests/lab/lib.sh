# shellcheck shell=bash
# Shared by the lab's scripts. Source it; it runs nothing by itself.

LAB_STATE=${LAB_STATE:-${TMPDIR:-/tmp}/vnfctl-lab} # everything the lab writes lies here

log() { printf '%s lab: %s\n' "$(date +%H:%M:%S)" "$*" >&2; }
die() {
	log "$*"
	exit 1
}

# The packages of this list that are not installed, one a line.
lab_missing() { # PACKAGE...
	local p
	for p; do
		dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null | grep -qx installed || echo "$p"
	done
}

lab_apt() { # APT-GET ARGUMENT...
	DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -q "$@" \
		</dev/null >>"$LAB_STATE/apt.log" 2>&1
}

# Installs what is missing, from the machine's own sources. The lists are
# fetched only where the machine has none or stale ones.
lab_need() { # PACKAGE...
	local missing
	mapfile -t missing < <(lab_missing "$@")
	[ ${#missing[@]} -eq 0 ] && return 0
	mkdir -p "$LAB_STATE"
	log "installing: ${missing[*]}"
	lab_apt install -y --no-install-recommends "${missing[@]}" && return 0
	if lab_apt update && lab_apt install -y --no-install-recommends "${missing[@]}"; then return 0; fi
	die "apt-get failed: $(tail -n 3 "$LAB_STATE/apt.log")"
}

# Unpacks packages of another suite of the machine's own archive below DIR.
# Nothing is installed and the machine's apt configuration is not touched.
lab_unpack_from() { # SUITE DIR PACKAGE...
	local suite=$1 dir=$2 apt=$LAB_STATE/apt codename mirror deb
	shift 2
	codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
	# shellcheck disable=SC2016 # apt-get's own variables
	mirror=$(apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 'Created-By: Packages' |
		awk -v c="$codename" '$1 == c { print $2; exit }')
	mkdir -p "$apt/lists/partial" "$dir"
	printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' \
		"$mirror" "$suite" >"$apt/sources.list"
	local options=(-o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
		-o "Dir::State::lists=$apt/lists")
	lab_apt "${options[@]}" update || return 1
	(
		cd "$apt" && rm -f ./*.deb && lab_apt "${options[@]}" download "$@" || exit 1
		for deb in ./*.deb; do dpkg-deb -x "$deb" "$dir" || exit 1; done
	)
}
