package manifest

import (
	"bytes"
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/backup"
	"diom.io/workflow/shared/bucket"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/identity"
	"diom.io/workflow/shared/mailing"
)

// setting is one variable of the environment that a process reads.
type setting struct {
	name, kind, fallback, text string
	where                      string // the directory
}

// kinds name the Go types of settings for those who write them.
var kinds = map[string]string{
	"string": "text", "int": "number", "bool": "true or false", "*bool": "true or false", "time.Duration": "duration: 500ms, 30s, 1h30m", "[]string": "list, separated by commas",
	"limit.Rate": "rate: number/unit:burst, the unit s, m or h; off is none", "setting.Networks": "addresses and networks, separated by commas", "trust": "number, or networks",
}

// commandLine is the package whose settings docs/cli.md describes: they are no process's of the product.
const commandLine = "cmd/diom/client"

// readers say whose settings a directory declares.
var readers = map[string]string{
	"shared/config": "Every process", "cmd/diom": "`diom` on one machine: `dev`, `reset`, `user`",
}

// secretTexts say what each secret holds and how it is made.
var secretTexts = []struct{ name, content, made string }{
	{"diom-mysql-dsn", "the address of MySQL, in the form of go-sql-driver/mysql; `DIOM_MYSQL_DSN` is used in its place where that is set", "`diom:<password>@tcp(mysql:3306)/diom_workflow`"},
	{"diom-redis-url", "the address of Redis; `DIOM_REDIS_URL` is used in its place where that is set", "`redis://:<password>@redis:6379/0`"},
	{access.SecretPrivate, "the Ed25519 key that signs access tokens, PKCS #8 in PEM", "`openssl genpkey -algorithm ed25519 -out diom-jwt-private`"},
	{access.SecretPublic, "the keys that check access tokens: PEM blocks or a JWKS; while keys change, the old one and the new one", "`openssl pkey -in diom-jwt-private -pubout -out diom-jwt-public`"},
	{access.SecretInternal, "lines keyid:secret, the secret of 32 characters or more; the first one signs internal requests and our own CloudEvents, all of them check", "`printf 'k1:%s\\n' \"$(openssl rand -hex 32)\" > diom-internal-key`"},
	{backup.SecretSigning, "what signs backups and checks their signatures; it reads none of them", "`diom backup key --to <directory>`, which also prints `DIOM_BACKUP_RECIPIENT`"},
	{backup.SecretIdentity, "what reads backups and can do all that diom-backup-signing-key can; no process that serves needs it", "by the same command; keep a copy away from database and backups"},
	{bucket.SecretAccess, "the access key at the S3-compatible storage of `DIOM_S3_ENDPOINT`; any text where no setting names an address s3://", "whoever keeps the storage gives it"},
	{bucket.SecretKey, "the secret key to it", "the same"},
	{access.SecretData, "lines keyid:key, the key of 64 hexadecimal digits; the first one seals what others entrust to the product, all of them open", "`printf 'k1:%s\\n' \"$(openssl rand -hex 32)\" > diom-data-key`"},
	{identity.Secret, "who vouches for people: OpenID providers, LDAP directories, address books (docs/identity.md); `{}` where nobody does", "whoever keeps the providers gives their parts"},
	{mailing.Secret, "the password at the mail server of `DIOM_SMTP_URL`; any text where no mail is sent", "whoever keeps the mail server gives it"},
}

// configurationTable is docs/configuration.md: every setting with its type, default and meaning, which are
// those of the Go sources, and every secret.
func configurationTable(root fs.FS, functions []faas.Function) ([]byte, error) {
	list, err := settings(root)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.WriteString(tableHeader + "# Configuration\n\nSettings are variables of the environment; each has a default that works on a laptop. One that cannot be read is an error at\n" +
		"the start of the process, which names it. Secrets are files. What the command line reads on a person's machine is in [cli.md](cli.md).\n")
	for i, s := range list {
		if i == 0 || list[i-1].where != s.where {
			fmt.Fprintf(&b, "\n## %s\n\nDeclared in `%s`.\n\n| setting | type | default | meaning |\n|---|---|---|---|\n", heading(s.where), s.where)
		}
		fallback := ""
		if s.fallback != "" {
			fallback = "`" + s.fallback + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", s.name, s.kind, fallback, cell(s.text))
	}
	b.WriteString("\n## Secrets\n\nA secret is a file of its name in `DIOM_SECRETS_DIR`. A process reads it once, when it starts.\n\n| secret | what it holds | how to make it | who needs it |\n|---|---|---|---|\n")
	known := map[string]bool{}
	for _, s := range secretTexts {
		known[s.name] = true
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", s.name, cell(s.content), cell(s.made), needs(functions, s.name))
	}
	for _, f := range functions {
		for _, name := range secrets(f) {
			if !known[name] {
				return nil, fmt.Errorf("function %s: nothing says what the secret %s holds (shared/manifest/configuration.go)", f.Name, name)
			}
		}
	}
	return b.Bytes(), nil
}

// heading says whose settings those of a directory are.
func heading(where string) string {
	if function, ok := strings.CutPrefix(where, "functions/"); ok {
		return "The function `" + function + "`"
	}
	return cmp.Or(readers[where], "`"+where+"`")
}

// needs are the functions that read a secret.
func needs(functions []faas.Function, secret string) string {
	var names []string
	for _, f := range functions {
		if slices.Contains(secrets(f), secret) {
			names = append(names, "`"+f.Name+"`")
		}
	}
	switch len(names) {
	case 0:
		return "nobody"
	case len(functions):
		return "every function"
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// settings are those that the sources under root declare or read, those of every process first.
func settings(root fs.FS) ([]setting, error) {
	var list []setting
	for _, directory := range []string{"shared", "functions", "cmd"} {
		err := fs.WalkDir(root, directory, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.IsDir() {
				return ignoreMissing(err)
			}
			if strings.HasSuffix(path.Base(name), "test") || name == commandLine { // for tests alone; in docs/cli.md
				return fs.SkipDir
			}
			found, err := declaredSettings(root, name)
			list = append(list, found...)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	order := func(s setting) string {
		return map[bool]string{true: "0", false: "1"}[s.where == "shared/config"] + s.where
	}
	slices.SortStableFunc(list, func(a, b setting) int { return cmp.Compare(order(a), order(b)) })
	return described(list)
}

// described leaves out what is read in one place and described in another, and refuses what is described
// nowhere.
func described(list []setting) ([]setting, error) {
	known := map[string]bool{}
	var kept []setting
	for _, s := range list {
		if s.text != "" && !known[s.name] {
			known[s.name] = true
			kept = append(kept, s)
		}
	}
	for _, s := range list {
		if !known[s.name] {
			return nil, fmt.Errorf("%s: the setting %s has no comment that says what it means", s.where, s.name)
		}
		if s.kind == "" {
			return nil, fmt.Errorf("%s: the setting %s has a type that has no name (shared/manifest/configuration.go)", s.where, s.name)
		}
	}
	return kept, nil
}
