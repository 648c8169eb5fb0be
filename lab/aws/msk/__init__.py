"""MSK and MSK Connect: the cluster, plugins, connectors, and the worker that runs them."""
