# Part of ready.sh and probe.sh: how far VPP came in its exec file.
exec_file=/etc/vpp/exec.cli
expect() { # Sets digest: of the configuration that lies here, as the exec file says at its end.
	text='' digest=''
	[ ! -r "$exec_file" ] || while IFS= read -r line; do text=$line; done <"$exec_file"
	case $text in
	"set interface tag local0 vnfctl-"*-ready)
		digest=${text#*local0 vnfctl-} digest=${digest%-ready}
		;;
	*) return 1 ;;
	esac
}
configured() { # Sets mark and said. 0 = all of the exec file is done, 1 = not (yet), 2 = no answer.
	said=$(ask show interface tag local0) || return 2
	first_line "$said"
	mark=${line#local0: }
	[ "$mark" = "vnfctl-$digest-ready" ]
}
is_over() { # Whether the exec file will not go on; mark is what configured found.
	case $mark in "(none)" | "vnfctl-$digest-"*) ;; *) return 1 ;; esac
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
	for key in secret crypto-key integ-key; do
		case $shown in
		*" $key "*)
			rest=${shown#*" $key "}
			case $rest in *' '*) rest=" ${rest#* }" ;; *) rest= ;; esac
			shown="${shown%%" $key "*} $key ...$rest"
			;;
		esac
	done
}
stopped_at() { # Sets where: the line at which the exec file stopped; mark is how far it came.
	case $mark in
	"vnfctl-$digest-"*)
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
