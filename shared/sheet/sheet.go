// Package sheet writes tables for spreadsheets, row by row: CSV (RFC 4180) as Excel reads it, and Office Open
// XML workbooks (ECMA-376). Nothing is kept but the row at hand. A workbook of one sheet is five short files in
// a ZIP archive: that is less than a library would add to each function's binary and start.
package sheet

import (
	"archive/zip"
	"encoding/csv"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"diom.io/workflow/shared/excerpt"
)

// Format is the form of a table.
type Format string

// The formats.
const (
	CSV  Format = "csv"
	XLSX Format = "xlsx"
)

// Media returns the content type of a format.
func (f Format) Media() string {
	if f == XLSX {
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	}
	return "text/csv"
}

// maxCell is how many characters a cell of a workbook holds.
const maxCell = 32767

// Writer writes one table.
type Writer struct {
	zone *time.Location

	text *csv.Writer // of CSV

	archive *zip.Writer // of a workbook
	sheet   io.Writer
	row     int
}

// New begins a table; its times are shown in a zone.
func New(w io.Writer, f Format, zone *time.Location) (*Writer, error) {
	if f != XLSX {
		if _, err := io.WriteString(w, "\ufeff"); err != nil { // else Excel takes UTF-8 for something else
			return nil, err
		}
		text := csv.NewWriter(w)
		text.UseCRLF = true
		return &Writer{zone: zone, text: text}, nil
	}
	t := &Writer{zone: zone, archive: zip.NewWriter(w)}
	for _, part := range parts {
		if err := t.part(part[0], part[1]); err != nil {
			return nil, err
		}
	}
	err := t.part("xl/worksheets/sheet1.xml", sheetHead)
	return t, err
}

// part begins a file of the archive; the last one stays open.
func (t *Writer) part(name, content string) (err error) {
	if t.sheet, err = t.archive.Create(name); err != nil {
		return err
	}
	_, err = io.WriteString(t.sheet, content)
	return err
}

// Row writes a row. A cell is a string, a bool, an int, an int64, a float64, a time.Time, a *time.Time or nil;
// anything else is written as fmt has it. A text never becomes a formula.
func (t *Writer) Row(cells ...any) error {
	if t.archive == nil {
		row := make([]string, len(cells))
		for i, c := range cells {
			row[i] = t.plain(c)
		}
		return t.text.Write(row)
	}
	t.row++
	var b strings.Builder
	fmt.Fprintf(&b, `<row r="%d">`, t.row)
	for _, c := range cells {
		t.cell(&b, c)
	}
	b.WriteString("</row>")
	_, err := io.WriteString(t.sheet, b.String())
	return err
}

// Flush sends on what has been written.
func (t *Writer) Flush() error {
	if t.archive != nil {
		return t.archive.Flush()
	}
	t.text.Flush()
	return t.text.Error()
}

// Close ends the table.
func (t *Writer) Close() error {
	if t.archive == nil {
		return t.Flush()
	}
	if _, err := io.WriteString(t.sheet, "</sheetData></worksheet>"); err != nil {
		return err
	}
	return t.archive.Close()
}

// plain is a cell of CSV. Spreadsheets take a text for a formula that begins in certain ways: an apostrophe
// before it says that it is none.
func (t *Writer) plain(cell any) string {
	switch c := cell.(type) {
	case nil:
		return ""
	case string:
		if c != "" && strings.ContainsRune("=+-@\t\r\n", rune(c[0])) {
			return "'" + c
		}
		return c
	case *time.Time:
		if c == nil {
			return ""
		}
		return t.plain(*c)
	case time.Time:
		return c.In(t.zone).Format("2006-01-02 15:04:05")
	}
	return fmt.Sprint(cell)
}

// cell writes a cell of a workbook (ECMA-376 §18.3.1.4). Its texts are inline: they need no table of their own.
func (t *Writer) cell(b *strings.Builder, cell any) {
	switch c := cell.(type) {
	case nil:
		b.WriteString("<c/>")
	case bool:
		fmt.Fprintf(b, `<c t="b"><v>%d</v></c>`, map[bool]int{true: 1}[c])
	case int, int64:
		fmt.Fprintf(b, "<c><v>%d</v></c>", c)
	case float64:
		b.WriteString("<c><v>" + strconv.FormatFloat(c, 'g', -1, 64) + "</v></c>")
	case *time.Time:
		if c == nil {
			b.WriteString("<c/>")
			return
		}
		t.cell(b, *c)
	case time.Time:
		fmt.Fprintf(b, `<c s="1"><v>%s</v></c>`, strconv.FormatFloat(t.serial(c), 'f', 8, 64))
	default:
		b.WriteString(`<c t="inlineStr"><is><t xml:space="preserve">`)
		_ = xml.EscapeText(b, []byte(excerpt.Cut(fmt.Sprint(c), maxCell))) // a Builder takes everything
		b.WriteString("</t></is></c>")
	}
}

// serial is a time as spreadsheets count it: days since 1899-12-30, in the zone.
func (t *Writer) serial(at time.Time) float64 {
	at = at.In(t.zone)
	wall := time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), 0, time.UTC)
	return wall.Sub(time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)).Hours() / 24
}

const head = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"

const (
	spreadsheet = `http://schemas.openxmlformats.org/spreadsheetml/2006/main`
	relations   = `http://schemas.openxmlformats.org/officeDocument/2006/relationships`
	packages    = `http://schemas.openxmlformats.org/package/2006/`
	sheetML     = `application/vnd.openxmlformats-officedocument.spreadsheetml.`

	sheetHead = head + `<worksheet xmlns="` + spreadsheet + `"><sheetData>`
)

// parts are what stands in every workbook before its sheet: what the files are, how they belong together, and
// the form of a time.
var parts = [][2]string{
	{"[Content_Types].xml", head + `<Types xmlns="` + packages + `content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
		`<Override PartName="/xl/workbook.xml" ContentType="` + sheetML + `sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="` + sheetML + `worksheet+xml"/>` +
		`<Override PartName="/xl/styles.xml" ContentType="` + sheetML + `styles+xml"/></Types>`},
	{"_rels/.rels", head + `<Relationships xmlns="` + packages + `relationships"><Relationship Id="rId1" Type="` + relations + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
	{"xl/workbook.xml", head + `<workbook xmlns="` + spreadsheet + `" xmlns:r="` + relations + `"><sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>`},
	{"xl/_rels/workbook.xml.rels", head + `<Relationships xmlns="` + packages + `relationships"><Relationship Id="rId1" Type="` + relations + `/worksheet" Target="worksheets/sheet1.xml"/>` +
		`<Relationship Id="rId2" Type="` + relations + `/styles" Target="styles.xml"/></Relationships>`},
	{"xl/styles.xml", head + `<styleSheet xmlns="` + spreadsheet + `"><numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd hh:mm:ss"/></numFmts>` +
		`<fonts count="1"><font/></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>` +
		`<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2"><xf/><xf numFmtId="164" applyNumberFormat="1"/></cellXfs></styleSheet>`},
}
