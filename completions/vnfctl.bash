source <(VNFCTL_COMPLETE=bash vnfctl)
