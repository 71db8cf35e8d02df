# Reads the reservation in folder $1, unless its end has passed; fails when there is none. Sets by to
# its person.
reserved() {
	by='' until=''
	while read -r key value; do
		case $key in
		person) by=$value ;;
		until) until=$value ;;
		esac
	done 2>/dev/null <"$1/reservation"
	[ -n "$by" ] && { [ -z "$until" ] || [ "$until" -gt "$now" ]; }
}
now=$(date +%s)
