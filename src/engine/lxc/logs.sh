# $1 container, $2 lines for `tail -n`, $3 `follow` or nothing.
log=$(lxc-config lxc.lxcpath)/$1/console.log || exit
[ -e "$log" ] || exit 0
# The console is a terminal: it ends lines with CR LF.
cr=$(printf '\r')
if [ -n "$3" ]; then
	tail -n "$2" -f -- "$log" | sed -u "s/$cr\$//"
else
	tail -n "$2" -- "$log" | sed "s/$cr\$//"
fi
