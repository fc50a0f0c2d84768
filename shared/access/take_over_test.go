package access

import "testing"

// A bcrypt hash of another product is kept as it is, if a log-in can check it in a bearable time.
func TestBcryptHash(t *testing.T) {
	t.Parallel()
	const rest = "$cNmVSgaU0E9VZTk2QilT/O5h87zLG5v/umPEz51qmzV51i73./zaS"
	for hash, want := range map[string]string{
		"$2a$10" + rest: "$2a$10" + rest, "$2b$12" + rest: "$2b$12" + rest, "$2y$04" + rest: "$2y$04" + rest, "{bcrypt}$2a$10" + rest: "$2a$10" + rest,
		"$2a$15" + rest: "", "$2a$31" + rest: "", "$2x$10" + rest: "", "$2a$10" + rest + "x": "", "$2a$10" + rest[:40]: "", "{noop}123456": "", "123456": "", "": "",
		"{bcrypt}": "", "$1$salt$hash": "", " $2a$10" + rest: "",
	} {
		if got, ok := BcryptHash(hash); got != want || ok != (want != "") {
			t.Errorf("%q: %q %v, want %q", hash, got, ok, want)
		}
	}
}
