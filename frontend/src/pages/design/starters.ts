import { i18n } from '@/app/i18n'
import type { Kind } from './designs'

/** A node of a starter: its place in a grid of columns and rows, and what is inside of its element. */
interface Node {
  id: string
  element: string
  name?: string
  column: number
  row?: number
  attributes?: string
  inside?: string
}
interface Flow {
  id: string
  from: string
  to: string
  name?: string
  condition?: string
}

const sizes: Record<string, [number, number]> = { startEvent: [36, 36], endEvent: [36, 36], exclusiveGateway: [50, 50] }
const size = (n: Node) => sizes[n.element] ?? [100, 80]
const centre = (n: Node): [number, number] => [180 + n.column * 170, 200 + (n.row ?? 0) * 130]
const escape = (text: string) => text.replace(/[<>&"]/g, (c) => `&#${c.charCodeAt(0)};`)
const label = (n: { name?: string }) => (n.name ? ` name="${escape(n.name)}"` : '')

function bounds(n: Node): string {
  const [x, y] = centre(n)
  const [width, height] = size(n)
  return `<dc:Bounds x="${x - width / 2}" y="${y - height / 2}" width="${width}" height="${height}"/>`
}
/** The name of a gateway stands above it: a flow leaves it below. */
function above(n: Node): string {
  if (n.element !== 'exclusiveGateway' || !n.name) return ''
  const [x, y] = centre(n)
  return `<bpmndi:BPMNLabel><dc:Bounds x="${x - 40}" y="${y - 46}" width="80" height="14"/></bpmndi:BPMNLabel>`
}
function waypoints(a: Node, b: Node): string {
  const [ax, ay] = centre(a)
  const [bx, by] = centre(b)
  const to = bx - size(b)[0] / 2
  const points = ay === by ? [[ax + size(a)[0] / 2, ay], [to, by]] : [[ax, ay + size(a)[1] / 2], [ax, by], [to, by]]
  return points.map(([x, y]) => `<di:waypoint x="${x}" y="${y}"/>`).join('')
}

/** A process of nodes in a grid, as BPMN with its drawing. */
export function processOf(key: string, name: string, nodes: Node[], flows: Flow[]): string {
  const node = (id: string) => nodes.find((n) => n.id === id)!
  const elements = nodes.map((n) => {
    const ends = flows.map((f) => (f.to === n.id ? `<bpmn:incoming>${f.id}</bpmn:incoming>` : f.from === n.id ? `<bpmn:outgoing>${f.id}</bpmn:outgoing>` : '')).join('')
    return `    <bpmn:${n.element} id="${n.id}"${label(n)}${n.attributes ?? ''}>${n.inside ?? ''}${ends}</bpmn:${n.element}>`
  })
  const edges = flows.map((f) => {
    const condition = f.condition ? `<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">${escape(f.condition)}</bpmn:conditionExpression>` : ''
    return `    <bpmn:sequenceFlow id="${f.id}"${label(f)} sourceRef="${f.from}" targetRef="${f.to}">${condition}</bpmn:sequenceFlow>`
  })
  const shapes = nodes.map((n) => `      <bpmndi:BPMNShape id="${n.id}_di" bpmnElement="${n.id}"${n.element === 'exclusiveGateway' ? ' isMarkerVisible="true"' : ''}>${bounds(n)}${above(n)}</bpmndi:BPMNShape>`)
  const lines = flows.map((f) => `      <bpmndi:BPMNEdge id="${f.id}_di" bpmnElement="${f.id}">${waypoints(node(f.from), node(f.to))}</bpmndi:BPMNEdge>`)
  return `<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:di="http://www.omg.org/spec/DD/20100524/DI" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" xmlns:diom="https://diom.io/schema/bpmn/1.0" id="definitions" targetNamespace="https://diom.io/processes">
  <bpmn:process id="${escape(key)}" name="${escape(name)}" isExecutable="true" camunda:historyTimeToLive="180">
${[...elements, ...edges].join('\n')}
  </bpmn:process>
  <bpmndi:BPMNDiagram id="diagram">
    <bpmndi:BPMNPlane id="plane" bpmnElement="${escape(key)}">
${[...shapes, ...lines].join('\n')}
    </bpmndi:BPMNPlane>
  </bpmndi:BPMNDiagram>
</bpmn:definitions>
`
}

const word = (key: string) => i18n.global.t(`design.starter.${key}`)
const start = (column = 0): Node => ({ id: 'start', element: 'startEvent', name: word('start'), column, attributes: ' camunda:initiator="starter"' })
const end = (column: number, id = 'end', name = word('end'), row = 0): Node => ({ id, element: 'endEvent', name, column, row })
const flow = (from: string, to: string, name?: string, condition?: string): Flow => ({ id: `flow_${from}_${to}`, from, to, name, condition })
const policy = (attributes: string) => `<bpmn:extensionElements><diom:approval ${attributes}/></bpmn:extensionElements>`
const manager = ' camunda:assignee="${org.managerOf(starter)}"'

/** What a new process may begin with. */
export const starters: Record<string, (key: string, name: string) => string> = {
  blank: (key, name) => processOf(key, name, [start(), { id: 'task', element: 'userTask', name: word('task'), column: 1, attributes: ' camunda:assignee="${starter}"' }, end(2)], [flow('start', 'task'), flow('task', 'end')]),
  approval: (key, name) =>
    processOf(
      key,
      name,
      [start(), { id: 'approve', element: 'userTask', name: word('approve'), column: 1, attributes: manager, inside: policy('mode="all" starter="manager"') }, { id: 'decided', element: 'exclusiveGateway', name: word('decided'), column: 2, attributes: ' default="flow_decided_refused"' }, end(3, 'approved', word('approved')), end(3, 'refused', word('refused'), 1)],
      [flow('start', 'approve'), flow('approve', 'decided'), flow('decided', 'approved', word('approved'), "${approval.result == 'approved'}"), flow('decided', 'refused', word('refused'))],
    ),
  countersign: (key, name) =>
    processOf(
      key,
      name,
      [
        start(),
        { id: 'manager', element: 'userTask', name: word('manager'), column: 1, attributes: manager, inside: policy('mode="all" starter="manager"') },
        { id: 'board', element: 'userTask', name: word('board'), column: 2, inside: policy('mode="ratio" ratio="66" signers="${org.usersInGroup(\'directors\')}" veto="true"') },
        { id: 'decided', element: 'exclusiveGateway', name: word('decided'), column: 3, attributes: ' default="flow_decided_refused"' },
        end(4, 'approved', word('approved')),
        end(4, 'refused', word('refused'), 1),
      ],
      [flow('start', 'manager'), flow('manager', 'board'), flow('board', 'decided'), flow('decided', 'approved', word('approved'), "${approval.result == 'approved'}"), flow('decided', 'refused', word('refused'))],
    ),
}

function emptyForm(key: string): string {
  return JSON.stringify({ id: key, type: 'default', schemaVersion: 18, components: [] }, null, 2)
}

function emptyDecision(key: string, name: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" xmlns:dmndi="https://www.omg.org/spec/DMN/20191111/DMNDI/" xmlns:dc="http://www.omg.org/spec/DMN/20180521/DC/" id="definitions_${escape(key)}" name="${escape(name)}" namespace="https://diom.io/decisions">
  <decision id="${escape(key)}" name="${escape(name)}">
    <decisionTable id="table" hitPolicy="FIRST">
      <input id="input_1" label="${word('input')}"><inputExpression id="expression_1" typeRef="number"><text>amount</text></inputExpression></input>
      <output id="output_1" label="${word('output')}" name="result" typeRef="string"/>
    </decisionTable>
  </decision>
  <dmndi:DMNDI><dmndi:DMNDiagram><dmndi:DMNShape dmnElementRef="${escape(key)}"><dc:Bounds height="80" width="180" x="160" y="100"/></dmndi:DMNShape></dmndi:DMNDiagram></dmndi:DMNDI>
</definitions>
`
}

/** The content that a new design begins with. */
export function contentOf(kind: Kind, starter: string, key: string, name: string): string {
  if (kind === 'form') return emptyForm(key)
  if (kind === 'dmn') return emptyDecision(key, name)
  return (starters[starter] ?? starters.blank)!(key, name)
}

/** The elements of a file that have a name, whatever their prefix; without one all. */
export function elementsOf(file: Document, name?: string): Element[] {
  return [...file.getElementsByTagName('*')].filter((e) => !name || e.localName === name)
}

/** The key and the name of what a file holds; empty where it has none. */
export function identify(kind: Kind, content: string): { key: string; name: string } {
  if (kind === 'form') {
    try {
      const key = String((JSON.parse(content) as { id?: string }).id ?? '')
      return { key, name: key }
    } catch {
      return { key: '', name: '' }
    }
  }
  const file = new DOMParser().parseFromString(content, 'text/xml')
  const all = elementsOf(file, kind === 'bpmn' ? 'process' : 'decision')
  const found = all.find((p) => p.getAttribute('isExecutable') === 'true') ?? all[0]
  const key = found?.getAttribute('id') ?? ''
  return { key, name: found?.getAttribute('name') || key }
}

/** The content of a copy under another key and name. */
export function rename(kind: Kind, content: string, from: string, key: string, name: string): string {
  if (kind === 'form') return JSON.stringify({ ...(JSON.parse(content) as object), id: key }, null, 2)
  const file = new DOMParser().parseFromString(content, 'text/xml')
  for (const element of elementsOf(file)) {
    if (element.getAttribute('id') === from) {
      element.setAttribute('id', key)
      element.setAttribute('name', name)
    }
    for (const attribute of [...element.attributes]) {
      const value = attribute.value
      if (['bpmnElement', 'processRef', 'dmnElementRef'].includes(attribute.name) && value === from) attribute.value = key
      if (attribute.name === 'href' && value === '#' + from) attribute.value = '#' + key
    }
  }
  return new XMLSerializer().serializeToString(file)
}
