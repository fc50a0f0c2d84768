package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"diom.io/workflow/cmd/diom/client"
	"diom.io/workflow/cmd/diom/top"
)

const (
	anotherScreen = "\x1b[?1049h\x1b[?25l"
	screenBefore  = "\x1b[?25h\x1b[?1049l"
	fromTheTop    = "\x1b[H"
	restOfLine    = "\x1b[K"
	restOfScreen  = "\x1b[J"
)

func topCommand() *cobra.Command {
	var urls []string
	var every time.Duration
	cmd := &cobra.Command{
		Use:   "top",
		Short: "Show what the processes of an installation do at the moment",
		Long: "Reads /metrics of every process again and again, and shows what happened between: requests, steps, what waits, statements, connections.\n" +
			"At a terminal it goes on until Ctrl-C; elsewhere it prints one view and ends. Quantiles are the bounds of their histograms.",
		Example: "  diom top\n  diom top --metrics http://10.0.2.11:8080/metrics,http://10.0.2.11:8085/metrics --every 5s",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if every < 100*time.Millisecond {
				return client.Usage(errors.New("--every is 100ms at least"))
			}
			return watch(cmd.Context(), cmd.OutOrStdout(), urls, every)
		},
	}
	cmd.Flags().StringSliceVar(&urls, "metrics", []string{"http://127.0.0.1:8080/metrics"}, "the URLs of the metrics of the processes")
	cmd.Flags().DurationVar(&every, "every", 2*time.Second, "how often they are read")
	return cmd
}

// watch prints one view, or one after the other at a terminal.
func watch(ctx context.Context, out io.Writer, urls []string, every time.Duration) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	file, is := out.(*os.File)
	live := is && term.IsTerminal(int(file.Fd()))
	before := top.Scrape(ctx, urls)
	if len(before.Failures) == len(urls) && !live {
		return fmt.Errorf("nobody answers: %w", errors.Join(before.Failures...))
	}
	if live {
		_, _ = io.WriteString(out, anotherScreen)
		defer func() { _, _ = io.WriteString(out, screenBefore) }()
	}
	again := time.NewTicker(every)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-again.C:
		}
		now := top.Scrape(ctx, urls)
		view := top.Render(before, now)
		if !live {
			_, err := io.WriteString(out, view)
			return err
		}
		if _, err := io.WriteString(out, fromTheTop+fitted(view, file)+restOfScreen); err != nil {
			return err
		}
		before = now
	}
}

// fitted cuts a view to the size of the terminal, and what was there before to the right of each line.
func fitted(view string, file *os.File) string {
	width, height, err := term.GetSize(int(file.Fd()))
	if err != nil {
		width, height = 200, 50
	}
	lines := strings.Split(strings.TrimRight(view, "\n"), "\n")
	lines = lines[:min(len(lines), max(height-1, 1))]
	for i, line := range lines {
		runes := []rune(line)
		lines[i] = string(runes[:min(len(runes), width)]) + restOfLine
	}
	return strings.Join(lines, "\n") + "\n"
}
