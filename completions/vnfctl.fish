VNFCTL_COMPLETE=fish vnfctl | source
