package manifest

import (
	"cmp"
	"strconv"

	"diom.io/workflow/shared/faas"
)

// defaultTarget is how many calls at once a replica has before another one is started, where the
// function names no bound.
const defaultTarget = 50

// pro is OpenFaaS Standard and Enterprise: functions scale by the calls under way, those that may to
// zero.
var pro = edition{
	labels: func(f faas.Function) map[string]string {
		return map[string]string{
			"com.openfaas.scale.min":               strconv.Itoa(max(1, f.Limits.Min)),
			"com.openfaas.scale.max":               strconv.Itoa(replicas(f)),
			"com.openfaas.scale.type":              "capacity",
			"com.openfaas.scale.target":            strconv.Itoa(cmp.Or(f.Limits.MaxInflight, defaultTarget)),
			"com.openfaas.scale.target-proportion": "0.70",
			"com.openfaas.scale.zero":              strconv.FormatBool(f.Limits.Min == 0),
			"com.openfaas.scale.zero-duration":     "15m",
		}
	},
	annotations: retries,
}

// retries are for calls through the asynchronous queue, which the product itself does not use. An event
// may come again after any failure; another call only after 429, with which nothing was done.
func retries(f faas.Function) map[string]string {
	codes := "429"
	if len(f.Events) > 0 || f.Name == receiver {
		codes = "429,500,502,503,504"
	}
	return map[string]string{
		"com.openfaas.retry.attempts": "10",
		"com.openfaas.retry.codes":    codes,
		"com.openfaas.retry.min_wait": "200ms",
		"com.openfaas.retry.max_wait": "60s",
	}
}
