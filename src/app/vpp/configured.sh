# Part of ready.sh and probe.sh: how far VPP came in its exec file.
exec_file=/etc/vpp/exec.cli
configured() { # DIGEST: sets mark and said. 0 = all of it done, 1 = not (yet), 2 = no answer.
	said=$(ask show interface tag local0) || return 2
	first_line "$said"
	mark=${line#local0: }
	[ "$mark" = "vnfctl-$1-ready" ]
}
is_over() { # DIGEST: whether the exec file will not go on; mark is what configured found.
	case $mark in "(none)" | "vnfctl-$1-"*) ;; *) return 1 ;; esac
	case $(ask show runtime startup-config-process) in
	*'"not started'* | *'"done'*) return 0 ;;
	esac
	return 1
}
next_command() { # MARK: sets number and command: what the exec file has after that mark.
	number=0 command='' found=''
	while IFS= read -r text; do
		number=$((number + 1))
		if [ -n "$found" ]; then
			command=$command$text
			case $text in *\\) command="${command%?} " ;; *) return 0 ;; esac
		fi
		[ "$text" != "set interface tag local0 $1" ] || found=yes
	done <"$exec_file"
	[ -n "$command" ]
}
without_secret() { # COMMAND: sets shown.
	shown=$1
	case $1 in
	*' secret '*)
		shown=${1#*' secret '}
		case $shown in *' '*) shown=" ${shown#* }" ;; *) shown= ;; esac
		shown="${1%%' secret '*} secret ...$shown"
		;;
	esac
}
stopped_at() { # DIGEST: sets where: the line at which the exec file stopped; mark is how far it came.
	case $mark in
	"vnfctl-$1-"*)
		next_command "$mark" || return 1
		without_secret "$command"
		where="$exec_file:$number: \`$shown\`"
		;;
	*) return 1 ;;
	esac
}
not_loaded() { # PLUGIN...: sets missing: those that VPP did not load. Not 0: VPP does not answer.
	missing=
	[ $# -gt 0 ] || return 0
	loaded=$(ask show plugins) || return 1
	for plugin in "$@"; do
		case $loaded in *" $plugin "*) ;; *) missing="$missing $plugin" ;; esac
	done
	missing=${missing# }
}
