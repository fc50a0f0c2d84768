// Package cluster holds tests that run the product on pieces of Knative and Kubernetes: the queue-proxy in
// front of a function, the dispatcher with our Triggers, the image in a container, the API server with the
// manifests. `make cluster` builds the pieces and runs the tests in a network of their own, since some of
// them listen at every address.
package cluster
