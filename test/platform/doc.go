// Package platform holds tests that check stack.yml and knative/ with the code of OpenFaaS and
// Knative, and that build and run every function as OpenFaaS builds it.
package platform
