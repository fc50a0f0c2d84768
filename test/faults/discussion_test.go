package faults_test

import (
	"fmt"
	"net/http"
)

// discussions are what people write beside what they decide: with a key it is there once, with its notifications.
var discussions = []operation{
	{
		name: "comment", essential: []string{"INSERT INTO workflow_comment"},
		prepare: func(f *fixture, point, key string) request {
			return request{
				user: "zhangwei", path: "/api/v1/tasks/" + f.start(point).ID.String() + "/comments", key: key, status: http.StatusCreated,
				body: map[string]any{"text": wordOf(point), "mentions": []string{"wangfang"}},
			}
		},
		effects: func(f *fixture, point string) (int, []string) {
			n := f.judge.Count("SELECT COUNT(*) FROM workflow_comment WHERE text = ?", wordOf(point))
			if told := f.judge.Count("SELECT COUNT(*) FROM workflow_notification WHERE type = 'comment.mentioned' AND content LIKE ?", "%"+wordOf(point)+"%"); told != n {
				return n, []string{fmt.Sprintf("%d notifications of %d comments", told, n)}
			}
			return n, nil
		},
	},
	{
		name: "attach", essential: []string{"INSERT INTO workflow_attachment"},
		prepare: func(f *fixture, point, key string) request {
			body := "--b\r\nContent-Disposition: form-data; name=\"content\"; filename=\"" + wordOf(point) + "\"\r\n\r\nx\r\n--b--\r\n"
			return request{
				user: "zhangwei", path: "/api/v1/tasks/" + f.start(point).ID.String() + "/attachments", key: key, status: http.StatusCreated,
				body: []byte(body), kind: "multipart/form-data; boundary=b",
			}
		},
		effects: func(f *fixture, point string) (int, []string) {
			return f.judge.Count("SELECT COUNT(*) FROM workflow_attachment WHERE name = ?", wordOf(point)), nil
		},
	},
}
