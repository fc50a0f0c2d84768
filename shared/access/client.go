package access

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/store"
)

// ErrUsersUnavailable: the function users does not answer.
var ErrUsersUnavailable = fault.New(fault.Unavailable, "users_unavailable", "The directory of users does not answer. Try again shortly.").After(time.Second)

// UserInfo is what other functions may know of a user: the answer of getUserInfo.
type UserInfo struct {
	ID           string   `json:"id"`
	Username     string   `json:"username"`
	DisplayName  string   `json:"displayName"`
	Email        string   `json:"email"`
	Title        string   `json:"title"`
	DepartmentID string   `json:"departmentId"`
	Department   string   `json:"department"`
	Enabled      bool     `json:"enabled"`
	Roles        []string `json:"roles"`
	Groups       []string `json:"groups"`
}

// UserInfo reads a user by username: store.ErrNoUser when there is none.
func (s *Service) UserInfo(ctx context.Context, username string) (UserInfo, error) {
	if !validUsername(username) {
		return UserInfo{}, store.ErrNoUser
	}
	u, err := s.store.UserByName(ctx, username)
	if err != nil {
		return UserInfo{}, err
	}
	return UserInfo{
		ID: u.ID.String(), Username: u.Username, DisplayName: u.DisplayName, Email: u.Email, Title: u.Title,
		DepartmentID: idText(u.DepartmentID), Department: u.Department, Enabled: u.Enabled, Roles: u.Roles, Groups: u.Groups,
	}, nil
}

// Client asks the function users about people, by the signed internal route. In a process that holds
// every function it asks the Service at once.
type Client struct {
	service *Service
	bases   []string
	http    *http.Client
}

// Client returns a client that reaches users by the settings' URLs. A nil transport is
// net/http's default.
func (s *Service) Client(transport http.RoundTripper) *Client {
	c := &Client{service: s, http: &http.Client{Transport: transport, Timeout: 5 * time.Second}}
	for _, base := range s.cfg.FunctionURLs("users") {
		c.bases = append(c.bases, strings.TrimSuffix(base, "/"))
	}
	return c
}

// UserInfo returns a user by username. Errors: store.ErrNoUser, ErrUsersUnavailable.
func (c *Client) UserInfo(ctx context.Context, username string) (UserInfo, error) {
	if len(c.bases) == 0 {
		return c.service.UserInfo(ctx, username)
	}
	var failures []error
	for _, base := range c.bases {
		info, err := c.ask(ctx, base, "/internal/users/"+url.PathEscape(username))
		if err == nil || errors.Is(err, store.ErrNoUser) {
			return info, err
		}
		failures = append(failures, err)
	}
	return UserInfo{}, fmt.Errorf("user %s: %w: %w", username, ErrUsersUnavailable, errors.Join(failures...))
}

func (c *Client) ask(ctx context.Context, base, target string) (UserInfo, error) {
	var info UserInfo
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base+target, nil)
	if err != nil {
		return info, err
	}
	if err := c.service.SignInternal(request.Header, http.MethodGet, target, nil); err != nil {
		return info, err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return info, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return info, err
	}
	if response.StatusCode != http.StatusOK {
		var problem struct {
			Code string `json:"code"`
		}
		if json.Unmarshal(body, &problem) == nil && problem.Code == store.ErrNoUser.Code {
			return info, store.ErrNoUser
		}
		return info, fmt.Errorf("%s: status %d", base, response.StatusCode)
	}
	return info, json.Unmarshal(body, &info)
}
