package openapi

import "net/http"

// contractForm is filled in at the start of the process that it is deployed with.
const contractForm = `{"id": "outing", "type": "default", "components": [{"type": "textfield", "key": "city", "label": "城市", "validate": {"required": true}}, {"type": "attachments", "key": "files", "label": "附件"}]}`

const contractOuting = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:c="http://camunda.org/schema/1.0/bpmn" targetNamespace="t">
<process id="outing" name="外出" isExecutable="true"><startEvent id="start" c:formRef="outing"/><sequenceFlow id="f" sourceRef="start" targetRef="end"/><endEvent id="end"/></process></definitions>`

// forms deploys a form with a process, uploads a file, fills the form in, and keeps a draft of it.
func forms(s *session) {
	const kind = "multipart/form-data; boundary=b"
	part := func(name, content string) string {
		return "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + name + "\"\r\n\r\n" + content + "\r\n"
	}
	s.do("zhouming", "POST /api/v1/deployments", []byte(part("outing.bpmn", contractOuting)+part("outing.form", contractForm)+"--b--\r\n"), "Content-Type", kind)
	list := s.do("zhangwei", "GET /api/v1/forms?key=outing&latest=true&limit=1&count=true", nil)
	s.do("zhangwei", "GET /api/v1/forms/"+s.at(list, "items.0.id"), nil)
	s.refused(http.StatusNotFound, "zhangwei", "GET /api/v1/forms/"+nothing, nil)
	s.do("zhangwei", "GET /api/v1/processes/outing/start-form", nil)
	body := "--b\r\nContent-Disposition: form-data; name=\"content\"; filename=\"plan.txt\"\r\nContent-Type: text/plain\r\n\r\nplan\r\n--b--\r\n"
	made := s.do("zhangwei", "POST /api/v1/files", []byte(body), "Content-Type", kind, "Idempotency-Key", "file")
	one := " /api/v1/files/" + s.at(made, "id")
	s.do("zhangwei", "GET"+one+"/content", nil)
	s.refused(http.StatusNotFound, "lina", "GET"+one+"/content", nil)
	s.refused(http.StatusUnprocessableEntity, "zhangwei", "POST /api/v1/processes/outing/start", value{"variables": value{}})
	s.do("zhangwei", "DELETE"+one, nil)
	s.refused(http.StatusNotFound, "zhangwei", "DELETE"+one, nil)
}
