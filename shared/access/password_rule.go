package access

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/bcrypt"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/setting"
)

// ErrPasswordUsed: the new password is the present one, where that must change, or one of the last ones.
var ErrPasswordUsed = fault.New(fault.Invalid, "password_used", "The password has been used before; choose another one.")

// ErrMustChange: the caller's password was given by an administrator, or has had its time.
var ErrMustChange = fault.New(fault.Forbidden, "password_change_required", "Change your password first (PUT /auth/password).")

// checkPassword returns what is wrong with a new password by the rules that are set, or nil.
func checkPassword(v *setting.Values, pointer, password, username string) []fault.Detail {
	wrong := func(code, format string, arguments ...any) []fault.Detail {
		return []fault.Detail{{Pointer: pointer, Code: code, Detail: fmt.Sprintf(format, arguments...)}}
	}
	least, classes := max(v.Int(setting.MinLength), 8), v.Int(setting.Classes)
	switch {
	case utf8.RuneCountInString(password) < least:
		return wrong("password_short", "A password has %d characters or more.", least)
	case len(password) > maxPassword:
		return wrong("password_long", "A password has 72 bytes at most (a Chinese character counts as three).")
	case strings.EqualFold(password, username):
		return wrong("password_weak", "The password must not be the username.")
	case classesOf(password) < classes:
		return wrong("password_classes", "A password has characters of at least %d of these kinds: small letters, capital letters, digits, others.", classes)
	case v.Flag(setting.RefuseCommon) && common(password):
		return wrong("password_common", "Very many people use this password; choose another one.")
	}
	return nil
}

// classesOf counts the kinds of characters: small letters, capital letters, digits, others.
func classesOf(password string) int {
	var small, capital, digit, other int
	for _, r := range password {
		switch {
		case unicode.IsLower(r):
			small = 1
		case unicode.IsUpper(r):
			capital = 1
		case unicode.IsDigit(r):
			digit = 1
		default:
			other = 1
		}
	}
	return small + capital + digit + other
}

// common reports whether a password is one of those that are tried first: one of a list, or one character or a short
// piece again and again, or a run of neighbours such as 23456789.
func common(password string) bool {
	text := strings.ToLower(password)
	for _, known := range strings.Fields(commonPasswords) {
		if text == known || strings.TrimRight(text, "0123456789") == known && len(text)-len(known) <= 4 {
			return true
		}
	}
	return repeats(text) || runs(text)
}

// repeats reports whether a text is a piece of up to three bytes again and again.
func repeats(text string) bool {
	for n := 1; n <= 3; n++ {
		if len(text) > n && strings.HasPrefix(text[n:]+text, text) && text[n:] == text[:len(text)-n] {
			return true
		}
	}
	return false
}

// runs reports whether each character follows the one before, up or down, a 0 also a 9.
func runs(text string) bool {
	up, down := true, true
	for i := 1; i < len(text); i++ {
		step := int(text[i]) - int(text[i-1])
		up = up && (step == 1 || text[i-1] == '9' && text[i] == '0')
		down = down && (step == -1 || text[i-1] == '0' && text[i] == '9')
	}
	return up || down
}

// commonPasswords are words that people add a few digits to, and whole passwords, in small letters.
const commonPasswords = `password passw0rd p@ssw0rd p@ssword passwort pass1234 mypassword letmein welcome qwerty qwertyui qwertyuiop asdfghjk asdfghjkl
zxcvbnm zxcvbnm, qazwsx qazwsxedc 1qaz2wsx 1q2w3e4r 1q2w3e4r5t q1w2e3r4 qweasdzxc abcd1234 abc12345 a1b2c3d4 a1234567 aa123456 qq123456 woaini
woaini1314 5201314 iloveyou sunshine princess football baseball basketball superman batman dragon monkey shadow master michael jordan trustno1
starwars computer internet samsung whatever freedom administrator admin admin123 root toor guest default changeme changeit secret test testtest
user login access master123 hello helloworld december january summer winter spring autumn charlie jennifer ashley google facebook taobao wodemima
mima1234 nihao nihao123 china diomworkflow workflow company office`

// ChangePassword sets the caller's own password, ends everything the caller was logged in to and
// opens a new session. Errors: ErrWrongPassword, ErrInvalid, ErrPasswordUsed, ErrNeedsLogin, and Login's.
func (s *Service) ChangePassword(ctx context.Context, p Principal, current, password, address string) (Login, error) {
	if p.Token != "" {
		return Login{}, ErrNeedsLogin
	}
	rules := s.Settings.Now(ctx)
	if wrong := checkPassword(rules, "/newPassword", password, p.Username); wrong != nil {
		return Login{}, ErrInvalid.With(wrong...)
	}
	id, err := s.prove(ctx, p.Username, current, address)
	if errors.Is(err, ErrBadCredentials) {
		return Login{}, ErrWrongPassword.With(fault.Detail{Pointer: "/currentPassword", Code: ErrWrongPassword.Code, Detail: ErrWrongPassword.Message})
	}
	if err != nil {
		return Login{}, err
	}
	if p.MustChange && current == password {
		return Login{}, usedBefore()
	}
	if err := s.checkHistory(ctx, id, password, rules.Int(setting.History)); err != nil {
		return Login{}, err
	}
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return Login{}, err
	}
	if err := s.store.SetPassword(ctx, id, hash, s.instant()); err != nil {
		return Login{}, err
	}
	s.forget(ctx, p.Username)
	return s.begin(ctx, id, p.Username)
}

func usedBefore() error {
	return ErrPasswordUsed.With(fault.Detail{Pointer: "/newPassword", Code: ErrPasswordUsed.Code, Detail: ErrPasswordUsed.Message})
}

// checkHistory refuses the last n passwords of a user, the present one among them.
func (s *Service) checkHistory(ctx context.Context, id engine.ID, password string, n int) error {
	if n == 0 {
		return nil
	}
	hashes, err := s.store.Passwords(ctx, id, n-1)
	if err != nil {
		return err
	}
	for _, hash := range hashes {
		err := s.hasher.inSlot(ctx, func() error {
			s.hasher.hashes.Add(1)
			if !foreign(hash) && bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)) == nil || foreign(hash) && matchesForeign(hash, password) {
				return usedBefore()
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
