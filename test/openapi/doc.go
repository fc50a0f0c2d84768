// Package openapi holds tests that hold the running product to openapi.yaml: every operation is sent, and
// each request that is taken and each answer is validated against the document.
package openapi
