package main

// commands are all verbs, in the order in which help lists them.
func commands() []command {
	return []command{
		upCommand(), downCommand(), statusCommand(), infoCommand(), kubeconfigCommand(), loadCommand(),
		buildCommand(), assetsCommand(), nameServerCommand(), doctorCommand(),
	}
}
