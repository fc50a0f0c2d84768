package faas

import (
	"cmp"
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"

	"bytes"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/camunda"
)

// maxFile bounds an upload of a variable: base64 makes a third more of it, and a variable has 256 KiB.
const maxFile = 512 << 10

// VariablePlace says which variables a path is about.
type VariablePlace func(context.Context, *Request) (camunda.Place, error)

// EngineRestVariables returns the routes of the variables of something: all of them, one, and the content of
// one that is a file.
func EngineRestVariables(path string, read, write access.Permission, place VariablePlace) []Route {
	at := func(serve func(context.Context, *Request, camunda.Place) (any, error)) func(context.Context, *Request) (any, error) {
		return func(ctx context.Context, r *Request) (any, error) {
			where, err := place(ctx, r)
			if err != nil {
				return nil, err
			}
			return serve(ctx, r, where)
		}
	}
	one, data := path+"/{name}", path+"/{name}/data"
	upload := EngineRest(http.MethodPost, data, write, at(putData))
	upload.MaxBody = maxFile
	return []Route{
		EngineRest(http.MethodGet, path, read, at(getVariables)), EngineRest(http.MethodPost, path, write, at(postVariables)),
		EngineRest(http.MethodGet, one, read, at(getVariable)), EngineRest(http.MethodPut, one, write, at(putVariable)),
		EngineRest(http.MethodDelete, one, write, at(deleteVariable)), EngineRest(http.MethodGet, data, read, at(getData)), upload,
	}
}

func getVariables(ctx context.Context, r *Request, at camunda.Place) (any, error) {
	return r.App.Camunda.Variables(ctx, r.Principal, at, camunda.ParseQuery(r.http.URL.Query()))
}

func postVariables(ctx context.Context, r *Request, at camunda.Place) (any, error) {
	var m camunda.Modification
	if err := r.Read(&m); err != nil {
		return nil, err
	}
	return nil, r.App.Camunda.SetVariables(ctx, r.Call(), at, m)
}

func getVariable(ctx context.Context, r *Request, at camunda.Place) (any, error) {
	return r.App.Camunda.Variable(ctx, r.Principal, at, r.PathValue("name"), camunda.ParseQuery(r.http.URL.Query()))
}

func putVariable(ctx context.Context, r *Request, at camunda.Place) (any, error) {
	var typed camunda.Typed
	if err := r.Read(&typed); err != nil {
		return nil, err
	}
	return nil, r.App.Camunda.SetVariables(ctx, r.Call(), at, camunda.Modification{Set: camunda.Variables{r.PathValue("name"): &typed}})
}

func deleteVariable(ctx context.Context, r *Request, at camunda.Place) (any, error) {
	return nil, r.App.Camunda.SetVariables(ctx, r.Call(), at, camunda.Modification{Delete: []string{r.PathValue("name")}})
}

func getData(ctx context.Context, r *Request, at camunda.Place) (any, error) {
	d, err := r.App.Camunda.VariableData(ctx, r.Principal, at, r.PathValue("name"))
	if err != nil {
		return nil, err
	}
	return Download(d.Content, d.ContentType, d.Filename), nil
}

// Download answers with the content of a file.
func Download(content []byte, kind, name string) Answer {
	header := http.Header{contentType: {kind}}
	if name != "" {
		header.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	}
	return Answer{Header: header, Body: content}
}

// putData reads multipart/form-data with the parts data and valueType, or data and type for an object.
func putData(ctx context.Context, r *Request, at camunda.Place) (any, error) {
	parts, err := r.Parts()
	if err != nil {
		return nil, err
	}
	var data *Part
	kind := ""
	for i, p := range parts {
		switch p.Name {
		case "data":
			data = &parts[i]
		case "valueType":
			kind = string(p.Content)
		}
	}
	if data == nil {
		return nil, camunda.BadRequest("No 'data' part is given")
	}
	typed := camunda.FileVariable(strings.TrimSpace(kind), data.File, data.Type, data.Content)
	return nil, r.App.Camunda.SetVariables(ctx, r.Call(), at, camunda.Modification{Set: camunda.Variables{r.PathValue("name"): typed}})
}

// Part is one part of a multipart body. File is its file name, or empty.
type Part struct {
	Name, File, Type string
	Content          []byte
}

// ErrMultipart: a body is not multipart/form-data.
var ErrMultipart = camunda.BadRequest("The body is not multipart/form-data")

// Parts reads a multipart body.
func (r *Request) Parts() ([]Part, error) {
	kind, parameters, err := mime.ParseMediaType(r.http.Header.Get(contentType))
	if err != nil || kind != "multipart/form-data" || parameters["boundary"] == "" {
		return nil, ErrMultipart
	}
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	var list []Part
	for reader := multipart.NewReader(bytes.NewReader(body), parameters["boundary"]); ; {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return nil, ErrMultipart
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return nil, ErrMultipart
		}
		list = append(list, Part{part.FormName(), fileName(part), part.Header.Get(contentType), content})
	}
}

// fileName is the file name of a part as it was sent: FileName of mime/multipart drops the folders.
func fileName(part *multipart.Part) string {
	_, parameters, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	if err != nil {
		return part.FileName()
	}
	return cmp.Or(parameters["filename"], part.FileName())
}

// Base is the address of the product as the caller knows it: https://workflow.example.org.
func (r *Request) Base() string {
	proto := cmp.Or(r.http.Header.Get("X-Forwarded-Proto"), "http")
	return proto + "://" + cmp.Or(r.http.Header.Get("X-Forwarded-Host"), r.http.Host)
}
