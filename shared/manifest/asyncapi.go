package manifest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/shared/faas"
)

// asyncAPIPaths are where asyncapi.yaml belongs, from the repository's root: beside the gateway, which embeds and
// serves it, and at the root for readers.
var asyncAPIPaths = []string{"functions/gateway/asyncapi.yaml", "asyncapi.yaml"}

// eventSchemas is the directory of the JSON Schemas of events, a file for each type.
const eventSchemas = "docs/schemas/events/"

// asyncAPI returns asyncapi.yaml (AsyncAPI 3.0): what the product sends, a channel and a message for each type, and
// what it takes from registered sources.
func asyncAPI(functions []faas.Function) ([]byte, error) {
	channels, operations, messages, schemas := object{}, object{}, object{}, object{}
	for _, d := range cloudevent.Catalogue() {
		name := eventName(d.Type)
		example, err := d.Example()
		if err != nil {
			return nil, fmt.Errorf("event %s: %w", d.Type, err)
		}
		payload, err := asObject(example)
		if err != nil {
			return nil, fmt.Errorf("event %s: %w", d.Type, err)
		}
		schemas[name] = d.EventSchema()
		messages[name] = object{
			"name": d.Type, "title": d.Type, "summary": d.Summary, "contentType": "application/cloudevents+json",
			"payload":  object{"$ref": "#/components/schemas/" + name},
			"examples": []object{{"payload": payload}},
			"traits":   []object{{"$ref": "#/components/messageTraits/signed"}},
		}
		channel := object{"address": d.Type, "messages": object{name: object{"$ref": "#/components/messages/" + name}}}
		if taken := consumers(functions, d.Type); taken != "" {
			channel["description"] = "Taken by " + strings.ReplaceAll(taken, "` `", "`, `") + "."
		}
		channels[name] = channel
		operation := object{"action": "send", "channel": object{"$ref": "#/channels/" + name}, "summary": d.Summary}
		if d.Internal {
			operation["tags"] = []object{{"name": "internal"}}
		}
		operations["send"+capital(name)] = operation
	}
	channels["inbound"] = object{
		"address": "/api/v1/events", "description": "CloudEvents of registered sources; docs/events.md says how they are signed.",
		"messages": object{"inbound": object{"$ref": "#/components/messages/inbound"}},
	}
	operations["receiveInbound"] = object{"action": "receive", "channel": object{"$ref": "#/channels/inbound"}, "summary": "An event of another system becomes a message for processes."}
	messages["inbound"] = object{
		"name": "inbound", "contentType": "application/cloudevents+json", "payload": object{"type": "object", "required": []string{"specversion", "id", "source", "type"}},
		"traits": []object{{"$ref": "#/components/messageTraits/signed"}},
	}
	return sections(
		object{"asyncapi": "3.0.0"},
		object{"info": object{"title": "DIOM Workflow", "version": "1", "description": "The CloudEvents 1.0 that the product sends and takes. They go to `$K_SINK`, to webhooks, and to the product's own functions.", "license": object{"name": "Apache-2.0"}}},
		object{"defaultContentType": "application/cloudevents+json"},
		object{"channels": channels}, object{"operations": operations},
		object{"components": object{"messages": messages, "schemas": schemas, "messageTraits": object{"signed": object{
			"headers": object{"type": "object", "properties": object{
				cloudevent.SignedAttribute:    object{"type": "string", "format": "date-time"},
				cloudevent.SignatureAttribute: object{"type": "string"},
			}},
		}}}},
	)
}

// eventName is a type as a name: io.diom.workflow.task.created.v1 is taskCreatedV1.
func eventName(eventType string) string {
	parts := strings.Split(strings.TrimPrefix(eventType, "io.diom.workflow."), ".")
	for i := 1; i < len(parts); i++ {
		parts[i] = capital(parts[i])
	}
	return strings.Join(parts, "")
}

// asObject is a value as its JSON has it.
func asObject(value any) (object, error) {
	raw, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	var o object
	return o, json.Unmarshal(raw, &o)
}

// eventFiles are the JSON Schemas of the events by their paths.
func eventFiles() (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, d := range cloudevent.Catalogue() {
		schema := maps.Clone(d.EventSchema())
		schema["$id"] = "https://diom.io/schemas/events/" + d.Type + ".json"
		raw, err := json.MarshalIndent(schema, "", "  ")
		if err != nil {
			return nil, err
		}
		files[eventSchemas+d.Type+".json"] = append(raw, '\n')
	}
	return files, nil
}

// asyncFiles are asyncapi.yaml and the JSON Schemas of the events.
func asyncFiles(functions []faas.Function) (map[string][]byte, error) {
	files, err := eventFiles()
	if err != nil {
		return nil, err
	}
	document, err := asyncAPI(slices.Clone(functions))
	for _, path := range asyncAPIPaths {
		files[path] = document
	}
	return files, err
}
