package backup

import (
	"context"
	"encoding/json"
	"errors"
	"runtime"
	"time"

	"diom.io/workflow/shared/telemetry"
)

// cleanUp is how long the removal of what was begun may take.
const cleanUp = time.Minute

// workers is how many connections read or write: about one a core.
func workers() int { return min(4, max(2, runtime.GOMAXPROCS(0))) }

// Make makes a backup and returns its manifest: also ErrRunning, ErrNoKey, ErrRights, ErrUnsupported,
// ErrSchemaChanged, ErrNoSpace. What it has written is deleted when it
// fails; when it is killed, what is left has no manifest.
//
// The account needs SELECT, SHOW VIEW, TRIGGER, EVENT and EXECUTE on the database, to read routines of others
// also SELECT on mysql.proc (MySQL: SHOW_ROUTINE). With RELOAD or LOCK TABLES several connections read one
// state.
func (v *Vault) Make(ctx context.Context, from Database, tell Progress) (Manifest, error) {
	if err := v.canWrite(); err != nil {
		return Manifest{}, err
	}
	s, err := connect(ctx, from, dumpMode)
	if err != nil {
		return Manifest{}, err
	}
	m, err := v.make(ctx, s, tell, func(string) error { return nil })
	return m, errors.Join(err, s.Close())
}

// canWrite: what would not be encrypted or signed is not written without a word.
func (v *Vault) canWrite() error {
	if !v.settings.Plain && (len(v.keys.recipients) == 0 || v.keys.private == nil) {
		return ErrNoKey
	}
	return nil
}

// make makes a backup; begun is told its name before the rows are read, and fails it.
func (v *Vault) make(ctx context.Context, s *server, tell Progress, begun func(id string) error) (m Manifest, err error) {
	lead, err := s.session(ctx)
	if err != nil {
		return m, err
	}
	defer s.release(lead)
	if err := errors.Join(s.claim(ctx, lead), s.checkRights(ctx, lead)); err != nil {
		return m, err
	}
	text, err := s.readSchema(ctx, lead)
	if err != nil {
		return m, changing(err)
	}
	workers, err := s.sessions(ctx, max(1, min(workers(), len(text.Tables))))
	if err != nil {
		return m, err
	}
	shot, workers, err := s.snapshot(ctx, lead, workers, text.Tables)
	defer closeAll(workers)
	if err != nil {
		return m, err
	}
	started := time.Now()
	id, err := v.create(ctx, started)
	if err != nil {
		return m, err
	}
	defer func() {
		if err != nil {
			clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUp)
			defer cancel()
			err = errors.Join(err, v.remove(clean, id))
		}
	}()
	if err := begun(id); err != nil {
		return m, err
	}
	m = Manifest{
		ID: id, Started: started.UTC(), Product: telemetry.Version(), Schema: text.version, Environment: v.settings.Environment,
		Database: s.name, Server: s.version, Snapshot: shot, Encrypted: !v.settings.Plain, Signed: v.keys.private != nil,
		Views: len(text.Views), Routines: len(text.Routines), Triggers: len(text.Triggers), Events: len(text.Events),
	}
	if err := v.writeSchema(ctx, &m, text); err != nil {
		return m, err
	}
	d := &dump{vault: v, schema: text, manifest: &m, meter: newMeter(tell, total(text.sizes))}
	if err := d.run(ctx, workers); err != nil {
		return m, changing(err)
	}
	if err := s.unchanged(ctx, text); err != nil {
		return m, err
	}
	m.Finished = time.Now().UTC()
	return m, v.publish(ctx, m)
}

// unchanged reads the schema again, in a session of its own: the first one was idle for long.
func (s *server) unchanged(ctx context.Context, text *schema) error {
	c, err := s.session(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	after, err := s.readSchema(ctx, c)
	if err == nil && !after.same(text) {
		err = ErrSchemaChanged
	}
	return changing(err)
}

func total(sizes []int64) (n int64) {
	for _, size := range sizes {
		n += size
	}
	return n
}

func (v *Vault) writeSchema(ctx context.Context, m *Manifest, text *schema) error {
	w, err := v.newObject(ctx, m.ID, schemaName)
	if err != nil {
		return err
	}
	err = json.NewEncoder(w).Encode(text)
	object, failure := w.finish()
	m.Objects = []Object{object}
	return errors.Join(space(err), failure)
}
