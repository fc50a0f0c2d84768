// The process of the operators' journeys: it fails until somebody gives it the variable `limit`.
const nodes = {
  start: ['startEvent', 'start', '申请提交', 160, 182, 36, 36],
  check: ['serviceTask', 'check', '核对额度', 250, 160, 100, 80, 'camunda:asyncBefore="true" camunda:expression="${amount &gt; limit}" camunda:resultVariable="large"'],
  large: ['exclusiveGateway', 'large', '超过额度？', 405, 175, 50, 50, 'default="toEnd"'],
  approve: ['userTask', 'approve', '额度审批', 520, 160, 100, 80, 'camunda:assignee="${approver}"'],
  archive: ['userTask', 'archive', '归档', 670, 160, 100, 80, 'camunda:candidateGroups="finance"'],
  end: ['endEvent', 'end', '结束', 840, 182, 36, 36],
}
const flow = (id, a, b, inner = '', bend = []) => ({ id, a, b, inner, bend })

/** The model in its first or second version; the second one archives what was approved. */
export function model(version = 1, key = 'ops-quota') {
  const used = Object.values(nodes).filter((n) => version > 1 || n[1] !== 'archive')
  const flows = [
    flow('toCheck', 'start', 'check'),
    flow('toLarge', 'check', 'large'),
    flow('toApprove', 'large', 'approve', '<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">${large}</bpmn:conditionExpression>'),
    flow('toEnd', 'large', 'end', '', [[430, 100], [858, 100]]),
    ...(version > 1 ? [flow('toArchive', 'approve', 'archive'), flow('archived', 'archive', 'end')] : [flow('approved', 'approve', 'end')]),
  ]
  const box = (id) => nodes[id].slice(3, 7)
  const middle = (id) => [box(id)[0] + box(id)[2] / 2, box(id)[1] + box(id)[3] / 2]
  const points = (f) => {
    const [ax, ay, aw] = box(f.a)
    const [bx, by] = box(f.b)
    return f.bend.length ? [[middle(f.a)[0], ay], ...f.bend, [middle(f.b)[0], by]] : [[ax + aw, middle(f.a)[1]], [bx, middle(f.b)[1]]]
  }
  return `<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:di="http://www.omg.org/spec/DD/20100524/DI" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="opsDefinitions" targetNamespace="https://diom.io/examples">
<bpmn:process id="${key}" name="额度申请" isExecutable="true" camunda:historyTimeToLive="30" camunda:versionTag="${version}">
${used.map(([type, id, name, , , , , more]) => `<bpmn:${type} id="${id}" name="${name}" ${more ?? ''}/>`).join('\n')}
${flows.map((f) => `<bpmn:sequenceFlow id="${f.id}" sourceRef="${f.a}" targetRef="${f.b}">${f.inner}</bpmn:sequenceFlow>`).join('\n')}
</bpmn:process>
<bpmndi:BPMNDiagram id="diagram"><bpmndi:BPMNPlane id="plane" bpmnElement="${key}">
${used.map(([, id, , x, y, w, h]) => `<bpmndi:BPMNShape id="${id}_di" bpmnElement="${id}"><dc:Bounds x="${x}" y="${y}" width="${w}" height="${h}"/></bpmndi:BPMNShape>`).join('\n')}
${flows.map((f) => `<bpmndi:BPMNEdge id="${f.id}_di" bpmnElement="${f.id}">${points(f).map(([x, y]) => `<di:waypoint x="${x}" y="${y}"/>`).join('')}</bpmndi:BPMNEdge>`).join('\n')}
</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>
</bpmn:definitions>`
}
