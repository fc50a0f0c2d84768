package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"diom.io/workflow/shared/fault"
)

func deployCommand() command {
	return command{
		use: "deploy <file>...", short: "Deploy BPMN and DMN models and forms, all or none of them",
		long: "Deploys files together: all or none. A directory stands for the .bpmn, .dmn and .form files in and below it.\n" +
			"What is wrong with a model is told with file, line, element, rule and remedy; warnings go to standard error.",
		example: "diom deploy leave.bpmn\ndiom deploy --name 'release 7' models/ extra/order.bpmn",
		method:  http.MethodPost, path: "/api/v1/deployments", run: deploy,
		view: []section{part("", "definitions", "id key version name resource"), part("decisions", "decisions", "id key version name resource"), part("forms", "forms", "id key version resource")},
		flags: func(cmd *cobra.Command) {
			cmd.Flags().String("name", "", "`name` of the deployment; without it that of the first file")
			cmd.Flags().String("listeners", "", "`what` becomes of listeners that are Java code: refuse, ignore or job")
		},
	}
}

func deploy(ctx context.Context, in *invocation) error {
	paths, err := modelFiles(in.arguments)
	if err != nil {
		return err
	}
	r := request{method: in.method, path: in.path, header: http.Header{"Idempotency-Key": {in.key()}}}
	files := map[string]string{}
	for _, path := range paths {
		name := filepath.Base(path)
		if other := files[name]; other != "" {
			return usagef("%s and %s have the same name; deploy them one after the other, or rename one", other, path)
		}
		files[name] = path
	}
	title := in.text("name")
	if title == "" {
		title = strings.TrimSuffix(filepath.Base(paths[0]), filepath.Ext(paths[0]))
	}
	var kind string
	if r.body, kind, err = form(title, in.text("listeners"), paths); err != nil {
		return err
	}
	r.header.Set("Content-Type", kind)
	if err := in.logIn(); err != nil {
		return err
	}
	r.progress = in.bar(len(paths), int64(len(r.body)))
	a, err := in.session.do(ctx, r)
	var refused *problem
	if errors.As(err, &refused) {
		refused.files = files
	}
	if err != nil {
		return err
	}
	in.warn(a, files)
	return in.show(a)
}

// warn tells what a deployed model could do better.
func (in *invocation) warn(a answer, files map[string]string) {
	var deployed struct {
		Warnings []fault.Detail `json:"warnings"`
	}
	if in.is("json") || json.Unmarshal(a.body, &deployed) != nil {
		return
	}
	for _, w := range deployed.Warnings {
		in.note("warning: %s", finding(w, files))
	}
}

// modelFiles replaces directories by the models in and below them, in the order of their names. Hidden
// directories are left out.
func modelFiles(arguments []string) ([]string, error) {
	var paths []string
	for _, argument := range arguments {
		var found []string
		err := filepath.WalkDir(argument, func(path string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir() && path != argument && strings.HasPrefix(entry.Name(), "."):
				return fs.SkipDir
			case !entry.IsDir() && (path == argument || slices.Contains([]string{".bpmn", ".dmn", ".form"}, strings.ToLower(filepath.Ext(path)))):
				found = append(found, path)
			}
			return nil
		})
		if err != nil {
			return nil, &usageError{err.Error()}
		}
		if len(found) == 0 {
			return nil, usagef("there is no .bpmn, .dmn or .form file in %s", argument)
		}
		slices.Sort(found)
		paths = append(paths, found...)
	}
	return paths, nil
}

// form encodes the body of a deployment and returns it with its content type.
func form(title, listeners string, paths []string) ([]byte, string, error) {
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	if err := w.WriteField("name", title); err != nil {
		return nil, "", err
	}
	if listeners != "" {
		if err := w.WriteField("listeners", listeners); err != nil {
			return nil, "", err
		}
	}
	for _, path := range paths {
		content, err := os.ReadFile(path) //nolint:gosec // the caller's own file
		if err != nil {
			return nil, "", &usageError{err.Error()}
		}
		part, err := w.CreateFormFile("file", filepath.Base(path))
		if err != nil {
			return nil, "", err
		}
		if _, err := part.Write(content); err != nil {
			return nil, "", err
		}
	}
	err := w.Close() // writes the end
	return body.Bytes(), w.FormDataContentType(), err
}

// bar shows how much of several files is sent, on a terminal alone.
func (in *invocation) bar(files int, size int64) func(io.Reader) io.Reader {
	out := in.cmd.ErrOrStderr()
	if files < 2 || !isTerminal(out) || in.is("json") {
		return nil
	}
	return func(body io.Reader) io.Reader {
		bar := newBar(out, size, "sending", progressbar.OptionShowBytes(true))
		return io.TeeReader(body, bar)
	}
}
