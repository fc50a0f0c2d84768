package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"time"
)

// expiryMargin is how long before its end an access token is not used any more.
const expiryMargin = 30 * time.Second

// refreshCookie ends the name of the cookie: it has a prefix where the installation is behind https.
const refreshCookie = "diom_refresh"

// refresh exchanges the refresh token, which can be used once. Of several commands at a time one does it,
// the others wait for it and take what it got.
func (s *session) refresh(ctx context.Context) error {
	unlock, err := s.keep.lock(ctx, s.profile.name)
	if err != nil {
		return &unreachable{text: "another command holds the log-in", err: err}
	}
	defer unlock()
	stored, err := s.keep.read(s.profile.name)
	if errors.Is(err, fs.ErrNotExist) {
		return s.over(nil)
	}
	if err != nil {
		return err
	}
	if stored.AccessToken != s.profile.AccessToken && stored.URL == s.profile.URL {
		s.profile = stored
		return nil
	}
	header := http.Header{"X-Requested-With": {"diom"}, "Cookie": {stored.Cookie + "=" + stored.Refresh}}
	a, err := s.persist(ctx, request{method: http.MethodPost, path: "/auth/refresh", header: header, anonymous: true})
	if isUnauthorized(err) {
		return s.over(err)
	}
	if err != nil {
		return err
	}
	if err := s.profile.take(a); err != nil {
		return err
	}
	return s.keep.write(s.profile)
}

// over says that the log-in has ended.
func (s *session) over(cause error) error {
	text := fmt.Sprintf("the log-in at %s is over; log in with: diom login --url %s %s", s.profile.URL, s.profile.URL, s.profile.Username)
	return &unreachable{text: strings.TrimSpace(text), err: cause}
}

// take reads the tokens of an answer into the profile: the access token from the body, the refresh token
// from the cookie.
func (p *profile) take(a answer) error {
	var login struct {
		AccessToken string `json:"accessToken"`
		ExpiresIn   int    `json:"expiresIn"`
		User        struct {
			Username string `json:"username"`
		} `json:"user"`
	}
	if err := json.Unmarshal(a.body, &login); err != nil || login.AccessToken == "" {
		return &unreachable{text: p.URL + " answers, but not as an installation of DIOM Workflow does"}
	}
	p.AccessToken, p.Username = login.AccessToken, login.User.Username
	p.ExpiresAt = time.Now().Add(time.Duration(login.ExpiresIn) * time.Second).UTC().Truncate(time.Second)
	response := http.Response{Header: a.header}
	for _, c := range response.Cookies() {
		if strings.HasSuffix(c.Name, refreshCookie) {
			p.Cookie, p.Refresh = c.Name, c.Value
		}
	}
	return nil
}
