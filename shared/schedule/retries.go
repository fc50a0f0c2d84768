package schedule

import (
	"errors"
	"fmt"
	"math"
	"strings"
)

// Retries reads camunda:failedJobRetryTimeCycle: how often a job is tried, and ISO 8601 durations to wait before
// the next attempts, of which the last one repeats. R5/PT5M is 5 times with five minutes between, R/PT5M
// is 2³¹−1 times; the entries of a list, PT1M,PT5M, lie between the attempts, of which there is one more
// (Camunda 7 ParseUtil.parseRetryIntervals).
func Retries(text string) (count int, delays []string, err error) {
	text = strings.TrimSpace(text)
	times, delay, repeats := strings.Cut(text, "/")
	if repeats && strings.HasPrefix(times, "R") {
		if count, err = parseTimes(times); err != nil {
			return 0, nil, fmt.Errorf("%s: %w", quoted(text), err)
		}
		if count == 0 {
			count = math.MaxInt32
		}
		text = delay
	}
	for entry := range strings.SplitSeq(text, ",") {
		entry = strings.TrimSpace(entry)
		if _, err := parsePeriod(entry); err != nil {
			return 0, nil, err
		}
		delays = append(delays, entry)
	}
	switch {
	case count == 0:
		count = len(delays) + 1
	case len(delays) > 1:
		return 0, nil, errors.New("a number of times is followed by one duration, such as R5/PT5M")
	}
	return count, delays, nil
}
