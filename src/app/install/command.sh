# Runs the user's own command, its words as arguments.
export DEBIAN_FRONTEND=noninteractive
"$@" && exit
code=$?
printf '%s\n' "the install command \`$*\` ended with code $code" >&2
exit "$code"
