package courier

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
)

// maxRobot bounds what a robot says, in bytes: WeCom takes 2,048 in a text, the others more.
const maxRobot = 2000

// later are the codes by which a robot says that it is asked too often, or too busy: DingTalk 130101 and 410100,
// WeCom 45009, Feishu 11232 and 9499, both of them -1. Every other one is about the robot or the message.
var later = []int{-1, 130101, 410100, 45009, 11232, 9499}

// verdict is the answer of a robot: DingTalk and WeCom say errcode, Feishu code. 0 is success.
type verdict struct {
	ErrorCode    *int   `json:"errcode"`
	ErrorMessage string `json:"errmsg"`
	Code         *int   `json:"code"`
	Message      string `json:"msg"`
}

// robot says a message in a group. It is plain text: what people wrote is no mark-up.
func (c *Courier) robot(ctx context.Context, to Address, m Message) Receipt {
	target, body := to.URL, map[string]any{}
	text := map[string]string{"content": m.brief(maxRobot)}
	switch to.Kind {
	case DingTalk:
		body["msgtype"], body["text"] = "text", text
		if to.Secret != "" {
			target = c.signedURL(to)
		}
	case WeCom: // its URL is its secret
		body["msgtype"], body["text"] = "text", text
	case Feishu:
		body["msg_type"], body["content"] = "text", map[string]string{"text": text["content"]}
		if to.Secret != "" {
			at := strconv.FormatInt(c.now().Unix(), 10)
			body["timestamp"], body["sign"] = at, mac([]byte(at+"\n"+to.Secret), "")
		}
	}
	receipt, answer := c.post(ctx, target, marshal(body), nil)
	if !receipt.Delivered {
		return receipt
	}
	return judged(receipt, answer)
}

// signedURL adds the time in milliseconds and DingTalk's signature of it.
func (c *Courier) signedURL(to Address) string {
	u, err := url.Parse(to.URL)
	if err != nil {
		return to.URL // the request says what is wrong
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return to.URL
	}
	at := strconv.FormatInt(c.now().UnixMilli(), 10)
	query.Set("timestamp", at)
	query.Set("sign", mac([]byte(to.Secret), at+"\n"+to.Secret))
	u.RawQuery = query.Encode()
	return u.String()
}

// judged reads the code in the body of an answer, which is 200 for nearly everything.
func judged(r Receipt, answer []byte) Receipt {
	var v verdict
	var code int
	var said string
	switch err := json.Unmarshal(answer, &v); {
	case err == nil && v.ErrorCode != nil:
		code, said = *v.ErrorCode, v.ErrorMessage
	case err == nil && v.Code != nil:
		code, said = *v.Code, v.Message
	default:
		r.Delivered, r.Final, r.Reason = false, true, "The answer is not that of a robot."
		return r
	}
	if code != 0 {
		r.Delivered, r.Final, r.Reason = false, !slices.Contains(later, code), fmt.Sprintf("The robot answers with %d: %s", code, said)
	}
	return r
}
