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

lab_codename() { (. /etc/os-release && echo "$VERSION_CODENAME"); }

# The archive this machine is configured with; other suites are taken from the same place.
lab_mirror() {
	# shellcheck disable=SC2016 # apt-get's own variables
	apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 'Created-By: Packages' |
		awk -v c="$(lab_codename)" '$1 == c { print $2; exit }'
}

# apt-get with another suite of that archive beside the machine's own. Lists and
# sources of this call are private: the machine's apt configuration is not touched.
lab_apt_from() { # SUITE APT-GET ARGUMENT...
	local suite=$1 apt=$LAB_STATE/apt mirror s
	shift
	mirror=$(lab_mirror)
	mkdir -p "$apt/lists/partial"
	for s in "$(lab_codename)" "$suite"; do echo "deb $mirror $s main"; done | sort -u >"$apt/sources.list"
	lab_apt -o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null \
		-o "Dir::State::lists=$apt/lists" -o "APT::Default-Release=$suite" "$@"
}

# Unpacks packages of another suite below DIR. Nothing is installed.
lab_unpack_from() { # SUITE DIR PACKAGE...
	local suite=$1 dir=$2 debs=$LAB_STATE/apt/debs deb
	shift 2
	lab_apt_from "$suite" update || return 1
	mkdir -p "$debs" "$dir"
	(
		cd "$debs" && rm -f ./*.deb && lab_apt_from "$suite" download "$@" || exit 1
		for deb in ./*.deb; do dpkg-deb -x "$deb" "$dir" || exit 1; done
	)
}

# One key pair for all nodes of the lab.
lab_key() {
	[ -f "$LAB_STATE/id" ] || ssh-keygen -q -t ed25519 -N '' -C vnfctl-lab -f "$LAB_STATE/id"
}
