eval (E:VNFCTL_COMPLETE=elvish vnfctl | slurp)
