$env:VNFCTL_COMPLETE = "powershell"; vnfctl | Out-String | Invoke-Expression; Remove-Item Env:VNFCTL_COMPLETE
