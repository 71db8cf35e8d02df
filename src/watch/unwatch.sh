# usage: KEY
dir=$base/$1
[ ! -d "$dir" ] || end
