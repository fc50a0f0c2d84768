package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
)

// What is said of calendars.
var (
	ErrNoCalendar = fault.New(fault.NotFound, "calendar_not_found", "There is no such calendar.")
	ErrTwoForOne  = fault.New(fault.Conflict, "department_has_calendar", "The department has another calendar.")
)

// Calendar says when people work: in one department and those below it, or everywhere. Hours are spans such as
// 09:00-12:00 by the day of the week, mon to sun; Days are dates that are off or work against that.
type Calendar struct {
	Code       string              `json:"code"`
	Name       string              `json:"name"`
	Department string              `json:"department,omitempty"` // code; empty: everywhere
	TimeZone   string              `json:"timeZone"`
	Hours      map[string][]string `json:"hours"`
	Days       map[string]string   `json:"days"`
	Version    int64               `json:"version"`
	UpdatedAt  time.Time           `json:"updatedAt"`
}

const calendarColumns = `SELECT code, name, IFNULL(department, ''), time_zone, hours, days, version, updated_at FROM workflow_calendar`

func scanCalendar(rows *sql.Rows) (Calendar, error) {
	var c Calendar
	var hours, days []byte
	err := rows.Scan(&c.Code, &c.Name, &c.Department, &c.TimeZone, &hours, &days, &c.Version, &c.UpdatedAt)
	if err == nil {
		err = errors.Join(json.Unmarshal(hours, &c.Hours), json.Unmarshal(days, &c.Days))
	}
	return c, err
}

// Calendars returns all calendars by code.
func (s *Store) Calendars(ctx context.Context) ([]Calendar, error) {
	rows, err := s.DB.Query(ctx, calendarColumns+` ORDER BY code LIMIT 1000`)
	list, err := collect(rows, err, scanCalendar)
	if list == nil {
		list = []Calendar{}
	}
	return list, err
}

// Calendar returns the calendar with a code. Errors: ErrNoCalendar.
func (s *Store) Calendar(ctx context.Context, code string) (Calendar, error) {
	rows, err := s.DB.Query(ctx, calendarColumns+` WHERE code = ?`, code)
	list, err := collect(rows, err, scanCalendar)
	if err != nil {
		return Calendar{}, err
	}
	if len(list) == 0 {
		return Calendar{}, ErrNoCalendar
	}
	return list[0], nil
}

// PutCalendar writes a calendar where it still has the version match, 0 for any or none. It returns the version that
// it has then. Errors: ErrPeopleStale, ErrTwoForOne, ErrUnknownDepartment.
func (s *Store) PutCalendar(ctx context.Context, id engine.ID, c Calendar, match int64) (int64, error) {
	var now int64
	err := s.inAudited(ctx, act{"calendar.change", kindCalendar, c.Code}, func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, `SELECT version FROM workflow_calendar WHERE code = ? FOR UPDATE`, c.Code).Scan(&now)
		fresh := errors.Is(err, sql.ErrNoRows)
		switch {
		case err != nil && !fresh:
			return err
		case match != 0 && match != now:
			return ErrPeopleStale
		}
		if c.Department != "" {
			found, err := exists(ctx, tx, `SELECT 1 FROM sys_department WHERE code = ? FOR UPDATE`, c.Department)
			if err != nil || !found {
				return either(err, unknown(ErrUnknownDepartment, "/department", c.Department))
			}
		}
		now++
		c.Version = now
		return writeCalendar(ctx, tx, id, c, fresh)
	})
	return now, err
}

func writeCalendar(ctx context.Context, tx *sql.Tx, id engine.ID, c Calendar, fresh bool) error {
	hours, _ := json.Marshal(c.Hours) // texts always marshal
	days, _ := json.Marshal(c.Days)
	var err error
	if fresh {
		_, err = tx.ExecContext(ctx, `INSERT INTO workflow_calendar (id, code, name, department, time_zone, hours, days, version, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			id[:], c.Code, c.Name, null(c.Department), c.TimeZone, hours, days, c.Version, c.UpdatedAt, c.UpdatedAt)
	} else {
		_, err = tx.ExecContext(ctx, `UPDATE workflow_calendar SET name = ?, department = ?, time_zone = ?, hours = ?, days = ?, version = ?, updated_at = ? WHERE code = ?`,
			c.Name, null(c.Department), c.TimeZone, hours, days, c.Version, c.UpdatedAt, c.Code)
	}
	return taken(err, ErrTwoForOne)
}

// DeleteCalendar removes a calendar. Errors: ErrNoCalendar.
func (s *Store) DeleteCalendar(ctx context.Context, code string) error {
	return s.inAudited(ctx, act{"calendar.delete", kindCalendar, code}, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `DELETE FROM workflow_calendar WHERE code = ?`, code)
		return changedOne(result, err, ErrNoCalendar)
	})
}

// DepartmentsAbove returns the codes of the department of a user and of those above it, the nearest first.
func (s *Store) DepartmentsAbove(ctx context.Context, username string) ([]string, error) {
	return s.names(ctx, departmentsAbove, username)
}

const departmentsAbove = `SELECT x.code FROM (WITH RECURSIVE above (id, parent_id, code, level) AS (
  SELECT d.id, d.parent_id, d.code, 0 FROM sys_user u JOIN sys_department d ON d.id = u.department_id WHERE u.username = ?
  UNION SELECT p.id, p.parent_id, p.code, a.level + 1 FROM sys_department p JOIN above a ON p.id = a.parent_id WHERE a.level < 100)
SELECT code, level FROM above) AS x ORDER BY x.level`
