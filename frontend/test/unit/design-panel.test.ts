import { BpmnModdle } from 'bpmn-moddle'
import camunda from 'camunda-bpmn-moddle/resources/camunda.json'
import { beforeEach, describe, expect, test } from 'vitest'
import { diomModdle } from '../../src/pages/design/process/diom'
import type { Moddle } from '../../src/pages/design/process/modeler'
import { extensionOf, extensionsOf, list, splitList, withAttributes, withExtensions, type Change, type Context } from '../../src/pages/design/panel/extensions'
import type { Value } from '../../src/pages/design/panel/fields'
import { groupsOf } from '../../src/pages/design/panel/groups'
import { processOf, starters } from '../../src/pages/design/starters'
import { withTimer } from '../../src/pages/design/panel/flow'

let moddle: BpmnModdle
let definitions: Moddle
let context: Context
const open = async (xml: string) => {
  definitions = (await moddle.fromXML(xml)).rootElement as Moddle
  context = { create: (type, attributes) => moddle.create(type, attributes) as Moddle, definitions }
}
const node = (id: string): Moddle => list(list(definitions, 'rootElements')[0], 'flowElements').find((e) => e.id === id)!
const apply = (changes: Change[]) => {
  for (const { target, properties } of changes) for (const [name, value] of Object.entries(properties)) target.set(name, value)
}
const fieldOf = (element: Moddle, key: string) => {
  const field = groupsOf(element).flatMap((g) => g.fields).find((f) => f.key === key)
  if (!field) throw new Error(`${element.$type} has no field ${key}`)
  return field
}
const write = (element: Moddle, key: string, value: Value) => apply(fieldOf(element, key).write(element, value, context))
/** Writes the file and reads it again, as saving and opening do. */
const again = async () => {
  const { xml } = await moddle.toXML(definitions, { format: true })
  await open(xml)
  return xml
}

beforeEach(async () => {
  moddle = new BpmnModdle({ camunda, diom: diomModdle })
  const of = (id: string, element: string, column: number, inside = '') => ({ id, element, column, inside })
  await open(
    processOf('p', 'P', [of('start', 'startEvent', 0), of('task', 'userTask', 1, '<bpmn:extensionElements><other:thing xmlns:other="http://other" kept="yes"/><diom:timeout after="P1D" do="remind"/></bpmn:extensionElements>'), of('decide', 'exclusiveGateway', 2), of('service', 'serviceTask', 3), of('wait', 'intermediateCatchEvent', 4, '<bpmn:timerEventDefinition id="timer"/>'), of('end', 'endEvent', 5, '<bpmn:errorEventDefinition id="broken"/>')], [
      { id: 'f1', from: 'start', to: 'task' },
      { id: 'f2', from: 'decide', to: 'service' },
      { id: 'f3', from: 'decide', to: 'end' },
    ]),
  )
})

describe('what the panel writes is there after saving and opening', () => {
  test.each([
    ['task', 'assignee', '${org.managerOf(starter, 2)}'],
    ['task', 'candidateGroups', 'finance,directors'],
    ['task', 'dueDate', "${org.workingTime('P2D')}"],
    ['task', 'documentation', 'Why & how'],
    ['task', 'mode', 'ratio'],
    ['task', 'copy', 'lina'],
    ['task', 'loop', 'sequential'],
    ['task', 'asyncBefore', true],
    ['service', 'way', 'external'],
    ['service', 'way', 'function'],
    ['service', 'retries', 'R5/PT5M'],
    ['f2', 'condition', '${days > 3}'],
    ['f2', 'isDefault', true],
    ['decide', 'defaultFlow', 'f3'],
    ['end', 'error', 'no-budget'],
    ['start', 'initiator', 'starter'],
  ])('%s: %s', async (id, key, value) => {
    write(node(id), key, value)
    await again()
    expect(fieldOf(node(id), key).read(node(id))).toEqual(value)
  })

  test('the attributes of a policy, and none of them when it is taken away', async () => {
    write(node('task'), 'mode', 'ratio')
    write(node('task'), 'ratio', '66')
    write(node('task'), 'signers', '${board}')
    write(node('task'), 'veto', true)
    write(node('task'), 'allow', ['return', 'withdraw'])
    expect(await again()).toContain('<diom:approval mode="ratio" signers="${board}" allow="return,withdraw" ratio="66" veto="true" />')
    write(node('task'), 'allow', ['return', 'withdraw', 'none'])
    expect(extensionOf(node('task'), 'diom:Approval')?.get('allow')).toBe('none')
    write(node('task'), 'mode', 'none')
    expect(await again()).not.toContain('diom:approval')
  })

  test('a standard value leaves the attribute out', async () => {
    write(node('task'), 'mode', 'all')
    write(node('task'), 'starter', 'skip')
    write(node('task'), 'starter', '')
    expect(await again()).toContain('<diom:approval mode="all" />')
  })
})

test('extensions of others stay, in their order', async () => {
  write(node('task'), 'mode', 'any')
  const xml = await again()
  expect(xml).toMatch(/<other:thing [^>]*kept="yes"[^]*<diom:timeout after="P1D" do="remind" \/>[^]*<diom:approval mode="any" \/>/)
  apply([withExtensions(context, node('task'), 'diom:Timeout', [])])
  const less = await again()
  expect(less).toContain('kept="yes"')
  expect(less).not.toContain('diom:timeout')
})

test('a change makes new objects: undoing finds what was', () => {
  const before = node('task').get('extensionElements') as Moddle
  const kept = [...list(before, 'values')]
  apply([withAttributes(context, node('task'), 'diom:Copy', { to: 'lina' })])
  expect(list(before, 'values')).toEqual(kept)
  expect(node('task').get('extensionElements')).not.toBe(before)
})

test('lists, rights and listeners are written as elements', async () => {
  apply([withExtensions(context, node('task'), 'diom:Timeout', [context.create('diom:Timeout', { after: 'PT4H', do: 'escalate' }), context.create('diom:Timeout', { after: 'P2D', do: 'transfer', to: 'lina', working: false })])])
  apply([withExtensions(context, node('task'), 'diom:Fields', [context.create('diom:Fields', { default: 'read', field: [context.create('diom:Field', { name: 'trip.note', access: 'write', required: true })] })])])
  const xml = await again()
  expect(xml).toContain('<diom:timeout after="P2D" do="transfer" to="lina" working="false" />')
  expect(xml).toContain('<diom:field name="trip.note" access="write" required="true" />')
  expect(extensionsOf(node('task'), 'diom:Timeout')).toHaveLength(2)
})

test('a named root is made once and found again', async () => {
  write(node('end'), 'error', 'no-budget')
  await again()
  write(node('end'), 'error', 'no-budget')
  expect(list(definitions, 'rootElements').filter((r) => r.$type === 'bpmn:Error')).toHaveLength(1)
})

test('changing who does the work takes what was said before away', async () => {
  write(node('service'), 'way', 'external')
  write(node('service'), 'topic', 'mail')
  write(node('service'), 'way', 'function')
  write(node('service'), 'function', 'invoice')
  const xml = await again()
  expect(xml).toContain('diom:function="invoice"')
  expect(xml).not.toContain('camunda:topic')
})

test('a default flow has no condition', () => {
  write(node('f2'), 'condition', '${a}')
  write(node('f2'), 'isDefault', true)
  expect(node('f2').get('conditionExpression')).toBeUndefined()
  expect(groupsOf(node('f2')).flatMap((g) => g.fields).map((f) => f.key)).not.toContain('condition')
})

test('a timer has one of its three kinds', async () => {
  const timer = () => list(node('wait'), 'eventDefinitions')[0]!
  apply(withTimer(context, timer(), 'timeDuration', 'PT1H'))
  apply(withTimer(context, timer(), 'timeCycle', 'R3/PT1H'))
  const xml = await again()
  expect(xml).not.toContain('timeDuration')
  expect(xml).toContain('R3/PT1H')
})

test('commas in expressions do not divide a list', () => {
  expect(splitList('lina, ${org.managerOf(starter, 2)},, ${f({a, b})}')).toEqual(['lina', '${org.managerOf(starter, 2)}', '${f({a, b})}'])
})

test('every starter is a file that can be read, with a drawing of each node', async () => {
  for (const make of Object.values(starters)) {
    await open(make('my-key', 'A & B'))
    const process = list(definitions, 'rootElements')[0]!
    expect(process.id).toBe('my-key')
    const plane = (list(definitions, 'diagrams')[0]!.get('plane') as Moddle).get('planeElement') as Moddle[]
    expect(plane).toHaveLength(list(process, 'flowElements').length)
  }
})
