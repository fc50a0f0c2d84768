package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"diom.io/workflow/cmd/diom/client"
	"diom.io/workflow/shared/store"
)

func auditCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "audit", Short: "Prove the audit trail of an installation"}
	cmd.AddCommand(auditVerifyCommand())
	return cmd
}

func auditVerifyCommand() *cobra.Command {
	var asJSON bool
	var head string
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Find what was changed, deleted or inserted in the audit trail",
		Long: "Reads the whole audit trail in the database of DIOM_MYSQL_DSN, or that of the local run under DIOM_HOME, and checks it against its chain of seals. The\n" +
			"seals are made with the secret diom-data-key, which must be here. Each finding is told as it is found; then the exit code is 1.\n" +
			"The last line names the newest seal. Kept somewhere else and given with --head, it proves later that nothing was cut off at the end. A row is sealed\n" +
			"within some seconds; what was taken away before that nobody can tell.",
		Example: "  diom audit verify\n  diom audit verify --head 1834:9f2c…",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return verifyAudit(cmd, asJSON, head) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print findings and counts as lines of JSON")
	cmd.Flags().StringVar(&head, "head", "", "`number:hash` of a seal that there was: it must still be there")
	return cmd
}

// verified is the last line.
type verified struct {
	Seals    int    `json:"seals"`
	Sealed   int    `json:"sealed"`
	Unsealed int    `json:"unsealed"`
	Findings int    `json:"findings"`
	Head     string `json:"head"`
}

type finding struct {
	Rule   string `json:"rule"`
	Detail string `json:"detail"`
}

func verifyAudit(cmd *cobra.Command, asJSON bool, head string) error {
	number, hash, err := readHead(head)
	if err != nil {
		return client.Usage(err)
	}
	useLocalSecrets()
	app, err := open(cmd.Context())
	if errors.Is(err, errNoDSN) {
		return client.Usage(err)
	}
	if err != nil {
		return err
	}
	out := newReport(cmd.OutOrStdout(), cmd.ErrOrStderr(), asJSON, "seals")
	findings := 0
	tell := func(f store.AuditFinding) {
		findings++
		out.thing(finding{f.Rule, f.Detail}, f.Rule+": "+f.Detail+"\n")
	}
	v, err := app.Access.VerifyAudit(cmd.Context(), tell)
	if err == nil && head != "" {
		var there bool
		if there, err = app.Store.HasAuditSeal(cmd.Context(), number, hash); err == nil && !there {
			tell(store.AuditFinding{Rule: "audit_head_missing", Detail: fmt.Sprintf("the seal %d with this hash is not there any more", number)})
		}
	}
	if err = errors.Join(err, app.Close(), out.err); err != nil {
		return client.Unreachable("the audit trail cannot be read", err)
	}
	sum := verified{v.Seals, v.Sealed, v.Unsealed, findings, fmt.Sprintf("%d:%s", v.Head.Number, hex.EncodeToString(v.Head.Hash))}
	out.thing(sum, fmt.Sprintf("%d seals over %d rows, %d rows not sealed yet: %d findings\nhead %s\n", sum.Seals, sum.Sealed, sum.Unsealed, sum.Findings, sum.Head))
	if findings > 0 {
		return errors.Join(out.err, fmt.Errorf("%d findings", findings))
	}
	return out.err
}

// readHead reads number:hash.
func readHead(text string) (number int64, hash []byte, err error) {
	if text == "" {
		return 0, nil, nil
	}
	first, rest, _ := strings.Cut(text, ":")
	number, err = strconv.ParseInt(first, 10, 64)
	hash, failure := hex.DecodeString(rest)
	if err != nil || failure != nil || len(hash) == 0 {
		return 0, nil, errors.New("--head is number:hash, as the last line says it")
	}
	return number, hash, nil
}
