// Package attacks attacks a running product: with a corpus of attacks in classes, each of which is also sent to a
// twin that has the hole, so that a judge who sees nothing fails, and with thousands of requests that openapi.yaml
// forbids.
package attacks
