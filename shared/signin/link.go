package signin

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/engine"
)

// linking is what the signature of a ticket that links accounts is for.
const linking = "sign-in link"

// claim is what a ticket that links says: it is good for this sign-in, until then, for this user in this session.
func (t ticket) claim(user, session string) string {
	return fmt.Sprintf("%s\n%d\n%s\n%s", t.part("link"), t.Expires, user, session)
}

// BeginLink sends somebody who has logged in to a provider, so that the account there becomes his. Errors: those of
// Begin, access.ErrNeedsLogin.
func (s *Service) BeginLink(ctx context.Context, p access.Principal, name, returnTo string) (Begun, error) {
	if p.Token != "" || p.Session.IsZero() {
		return Begun{}, access.ErrNeedsLogin
	}
	return s.begin(ctx, name, returnTo, func(t ticket) (string, error) {
		return s.people.SignText(linking, []byte(t.claim(p.UserID, p.Session.String())))
	})
}

// link links the account of whom a ticket names. A ticket that nobody has signed for this sign-in is ErrSignInState.
func (s *Service) link(ctx context.Context, t ticket, o access.Outsider) error {
	signed, err := s.people.VerifyText(linking, t.Link)
	if err != nil {
		return ErrSignInState
	}
	parts := strings.Split(string(signed), "\n")
	if len(parts) != 4 || t.claim(parts[2], parts[3]) != string(signed) {
		return ErrSignInState
	}
	user, err := engine.ParseID(parts[2])
	if err != nil {
		return err
	}
	session, err := engine.ParseID(parts[3])
	if err != nil {
		return err
	}
	return s.people.LinkIdentity(ctx, user, session, o)
}

// Identities returns what sources call the caller, with the names of the providers among them.
func (s *Service) Identities(ctx context.Context, p access.Principal) (access.Identities, error) {
	user, err := engine.ParseID(p.UserID)
	if err != nil {
		return access.Identities{}, err
	}
	list, err := s.people.Identities(ctx, user)
	for i := range list.Items {
		for _, o := range s.providers {
			if o.conf.Issuer == list.Items[i].Source {
				list.Items[i].Provider = o.conf.Name
			}
		}
	}
	return list, err
}

// Unlink ends the link of the caller with a provider. Errors: ErrNoProvider, those of access.UnlinkIdentity.
func (s *Service) Unlink(ctx context.Context, p access.Principal, name string) error {
	from, err := s.provider(name)
	if err != nil {
		return err
	}
	return s.people.UnlinkIdentity(ctx, p, from.conf.Issuer)
}

// Leave returns where a browser that has logged out here goes to log out at a provider, too (OpenID Connect RP-Initiated
// Logout 1.0 §2): to its end session endpoint, which asks the person, and leads back to the first page here. A provider
// that has none, or does not answer, keeps nobody: the first page.
func (s *Service) Leave(ctx context.Context, name string) (string, error) {
	p, err := s.provider(name)
	if err != nil {
		return "", err
	}
	d, err := p.discover(ctx, s.now())
	if err != nil || d.endSession == nil {
		return "/", nil //nolint:nilerr // he has logged out here, whatever the provider says
	}
	to := *d.endSession
	asked := url.Values{"client_id": {p.conf.ClientID}, "post_logout_redirect_uri": {s.public + "/"}}.Encode()
	if to.RawQuery != "" {
		asked = to.RawQuery + "&" + asked
	}
	to.RawQuery = asked
	return to.String(), nil
}

// ending reads an end session endpoint: nil where there is none, or none that is reached as safely as the issuer.
func ending(text, issuer string) *url.URL {
	u, err := url.Parse(text)
	from, wrong := url.Parse(issuer)
	if err != nil || wrong != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && (u.Scheme != from.Scheme || u.Host != from.Host) {
		return nil
	}
	return u
}
