// Package client is the command line for people: its commands speak to a running installation through
// the HTTP API, as the user who has logged in. Nothing of it runs before one of them is called.
//
// Commands are descriptions (command): a route, what fills it, and how its answer is shown. All of them
// go one way: invocation, call, exchange.
package client

import (
	"time"

	"github.com/spf13/cobra"
)

// noun is a group of commands about one kind of things.
type noun struct {
	use, short string
	commands   []command
}

// Group is where help lists the commands of this package.
const Group = "client"

// Commands returns the commands that speak to an installation.
func Commands() []*cobra.Command {
	var list []*cobra.Command
	for _, c := range topCommands() {
		cmd := c.build()
		shared(cmd)
		list = append(list, cmd)
	}
	for _, n := range nouns() {
		cmd := &cobra.Command{Use: n.use, Short: n.short, GroupID: Group}
		for _, c := range n.commands {
			cmd.AddCommand(c.build())
		}
		shared(cmd)
		list = append(list, cmd)
	}
	return list
}

func topCommands() []command {
	list := sessionCommands()
	list = append(list, deployCommand(), startCommand(), messageCommand(), signalCommand(), conditionCommand(), apiCommand())
	for i := range list {
		list[i].group = Group
	}
	return list
}

func nouns() []noun {
	return []noun{
		definitions(), decisions(), tasks(), instances(), jobs(), incidents(), timers(), migrationPlans(), batches(), holds(), notifications(), events(), sources(), deadLetters(), bindings(), channels(), webhooks(), deliveries(),
		designs(), forms(),
		users(), roles(), groups(), departments(), loginSessions(), apiTokens(), settings(),
	}
}

// patience is how long a command goes on by itself, repetitions included.
const patience = time.Minute

// shared adds the flags that every command of this package has.
func shared(cmd *cobra.Command) {
	flags := cmd.PersistentFlags()
	flags.String("url", "", "`address` of the installation (DIOM_URL); without it that of the last log-in")
	flags.String("profile", "", "`name` of the log-in to use (DIOM_PROFILE)")
	flags.Bool("json", false, "print the API's JSON unchanged")
	flags.Bool("verbose", false, "tell on standard error which requests are made")
	flags.Duration("timeout", patience, "give up after this `time`, repetitions included")
}
