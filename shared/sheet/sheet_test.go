package sheet

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var (
	zone = time.FixedZone("CST", 8*3600)
	at   = time.Date(2026, 3, 2, 4, 30, 0, 0, time.UTC)
	none *time.Time
)

func table(t *testing.T, f Format) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := New(&b, f, zone)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range [][]any{
		{"名称", "n", "at"}, {"=cmd|' /C calc'!A0", 3, at}, {"+1", int64(-7), &at}, {"-x", 1.5, none}, {"@x", true, nil}, {"\tx", false, "a\"b,<c>&\x00"},
	} {
		if err := w.Row(row...); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A text that a spreadsheet would run is a text.
func TestCSV(t *testing.T) {
	t.Parallel()
	raw := table(t, CSV)
	if !bytes.HasPrefix(raw, []byte("\xef\xbb\xbf")) {
		t.Error("there is no mark of UTF-8")
	}
	rows, err := csv.NewReader(bytes.NewReader(raw[3:])).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"名称", "n", "at"}, {"'=cmd|' /C calc'!A0", "3", "2026-03-02 12:30:00"}, {"'+1", "-7", "2026-03-02 12:30:00"}, {"'-x", "1.5", ""}, {"'@x", "true", ""},
		{"'\tx", "false", "a\"b,<c>&\x00"},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Error(diff)
	}
}

func TestWorkbook(t *testing.T) {
	t.Parallel()
	raw := table(t, XLSX)
	archive, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	var sheet struct {
		Rows []struct {
			Cells []struct {
				Type  string `xml:"t,attr"`
				Style string `xml:"s,attr"`
				Value string `xml:"v"`
				Text  string `xml:"is>t"`
				Run   string `xml:"f"`
			} `xml:"c"`
		} `xml:"sheetData>row"`
	}
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		var into any = &struct{}{}
		if f.Name == "xl/worksheets/sheet1.xml" {
			into = &sheet
		}
		if err := xml.Unmarshal(content, into); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
	var got [][]string
	for _, row := range sheet.Rows {
		var cells []string
		for _, c := range row.Cells {
			cells = append(cells, c.Type+c.Style+":"+c.Value+c.Text+c.Run)
		}
		got = append(got, cells)
	}
	want := [][]string{
		{"inlineStr:名称", "inlineStr:n", "inlineStr:at"}, {"inlineStr:=cmd|' /C calc'!A0", ":3", "1:46083.52083333"}, {"inlineStr:+1", ":-7", "1:46083.52083333"},
		{"inlineStr:-x", ":1.5", ":"}, {"inlineStr:@x", "b:1", ":"}, {"inlineStr:\tx", "b:0", "inlineStr:a\"b,<c>&\ufffd"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if CSV.Media() != "text/csv" || XLSX.Media() == CSV.Media() {
		t.Error(CSV.Media(), XLSX.Media())
	}
}
