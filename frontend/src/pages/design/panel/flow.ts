import { extensionOf, formal, list, withAttributes, withRoot, type Context } from './extensions'
import { attribute, extended, is, special, type Field, type Group } from './fields'
import type { Moddle } from '../process/modeler'

/** What everything has. */
export const general: Group = {
  key: 'general',
  when: () => true,
  fields: [
    attribute('name', 'name', 'area', { when: (e) => !is('bpmn:TextAnnotation', 'bpmn:Group')(e) }),
    attribute('text', 'text', 'area', { when: is('bpmn:TextAnnotation') }),
    attribute('id', 'id', 'text', { when: (e) => e.$type !== 'bpmn:Process', hint: true, write: (e, value) => (/^[\p{L}_][\p{L}\p{N}_.-]*$/u.test(String(value)) ? [{ target: e, properties: { id: value } }] : []) }),
    attribute('key', 'id', 'text', { when: is('bpmn:Process'), disabled: true }),
    {
      key: 'documentation',
      input: 'area',
      read: (e) => list(e, 'documentation')[0]?.get('text') as string | undefined,
      write: (e, value, context) => {
        const made = value ? [context.create('bpmn:Documentation', { text: value })] : []
        for (const d of made) d.$parent = e
        return [{ target: e, properties: { documentation: made } }]
      },
    },
  ],
}

/** Who may start a process, and how its instances are called. */
export const process: Group = {
  key: 'process',
  when: is('bpmn:Process'),
  fields: [
    attribute('candidateStarterUsers', 'camunda:candidateStarterUsers', 'people', { hint: true }),
    attribute('candidateStarterGroups', 'camunda:candidateStarterGroups', 'groups'),
    extended('number', 'diom:Request', 'number', 'text', { placeholder: 'QJ-{yyyyMM}-{seq:4}', hint: true }),
    extended('summary', 'diom:Request', 'summary', 'text', { placeholder: '${city}, ${days}' }),
    {
      key: 'withdraw',
      input: 'select',
      options: ['always', 'never'],
      read: (e) => (extensionOf(e, 'diom:Approval')?.get('withdraw') as string | undefined) ?? 'always',
      write: (e, value, context) => [withAttributes(context, e, 'diom:Approval', { withdraw: value === 'never' ? 'never' : undefined })],
    },
    attribute('searchVariables', 'diom:searchVariables', 'text', { hint: true }),
    attribute('versionTag', 'camunda:versionTag'),
    attribute('historyTimeToLive', 'camunda:historyTimeToLive', 'text', { placeholder: 'P180D' }),
    attribute('isExecutable', 'isExecutable', 'switch'),
  ],
}

const source = (e: Moddle) => e.get('sourceRef') as Moddle | undefined
export const conditional = (e: Moddle) => e.$type === 'bpmn:SequenceFlow' && Boolean(source(e)) && !['bpmn:ParallelGateway', 'bpmn:EventBasedGateway', 'bpmn:StartEvent'].includes(source(e)!.$type)
const isDefault = (e: Moddle) => source(e)?.get('default') === e

/** When a flow is taken. */
export const flow: Group = {
  key: 'flow',
  when: conditional,
  fields: [
    {
      key: 'isDefault',
      input: 'switch',
      when: (e) => ['bpmn:ExclusiveGateway', 'bpmn:InclusiveGateway'].includes(source(e)!.$type) || is('bpmn:Activity')(source(e)!),
      hint: true,
      read: isDefault,
      write: (e, value) => [{ target: source(e)!, properties: { default: value ? e : undefined } }, ...(value ? [{ target: e, properties: { conditionExpression: undefined } }] : [])],
    },
    {
      key: 'condition',
      input: 'code',
      placeholder: "${approval.result == 'approved'}",
      hint: true,
      when: (e) => !isDefault(e),
      read: (e) => (e.get('conditionExpression') as Moddle | undefined)?.get('body') as string | undefined,
      write: (e, value, context) => [{ target: e, properties: { conditionExpression: formal(context, e, String(value ?? '')) } }],
    },
  ],
}

/** The way that is left when no other is taken. */
export const gateway: Group = {
  key: 'gateway',
  when: is('bpmn:ExclusiveGateway', 'bpmn:InclusiveGateway'),
  fields: [
    {
      key: 'defaultFlow',
      input: 'flow',
      hint: true,
      read: (e) => (e.get('default') as Moddle | undefined)?.id,
      write: (e, value) => [{ target: e, properties: { default: list(e, 'outgoing').find((f) => f.id === value) } }],
    },
  ],
}

export const definitionOf = (e: Moddle, kind: string) => (e.$instanceOf('bpmn:Event') ? list(e, 'eventDefinitions').find((d) => d.$type === `bpmn:${kind}EventDefinition`) : undefined)
const has = (kind: string) => (e: Moddle) => definitionOf(e, kind) !== undefined

/** A field for the name or code of what an event refers to. A receive or send task refers to a message by itself. */
function reference(key: string, kind: string, property: string): Field {
  const place = (e: Moddle) => definitionOf(e, kind) ?? e
  const ref = kind.toLowerCase() + 'Ref'
  return {
    key,
    input: 'root',
    of: `bpmn:${kind}#${property}`,
    when: (e) => has(kind)(e) || (kind === 'Message' && is('bpmn:ReceiveTask')(e)),
    read: (e) => (place(e).get(ref) as Moddle | undefined)?.get(property) as string | undefined,
    write: (e, value, context) => withRoot(context, place(e), ref, `bpmn:${kind}`, property, String(value ?? '')),
  }
}

const timers = ['timeDuration', 'timeDate', 'timeCycle'] as const
export type TimerKind = (typeof timers)[number]
/** Which of its three kinds a timer is. */
export const timerKind = (d: Moddle): TimerKind => timers.find((k) => d.get(k)) ?? 'timeDuration'

/** The change that makes a timer of a kind and a value. */
export function withTimer(context: Context, definition: Moddle, kind: TimerKind, text: string) {
  const properties: Record<string, unknown> = { timeDuration: undefined, timeDate: undefined, timeCycle: undefined }
  const made = context.create('bpmn:FormalExpression', { body: text })
  made.$parent = definition
  properties[kind] = made
  return [{ target: definition, properties }]
}

/** What an event waits for or throws. */
export const event: Group = {
  key: 'event',
  when: (e) => is('bpmn:ReceiveTask')(e) || (e.$instanceOf('bpmn:Event') && list(e, 'eventDefinitions').length > 0),
  fields: [
    special('timer', 'timer', { when: has('Timer') }),
    reference('message', 'Message', 'name'),
    reference('signal', 'Signal', 'name'),
    reference('error', 'Error', 'errorCode'),
    reference('escalation', 'Escalation', 'escalationCode'),
    {
      key: 'linkName',
      input: 'text',
      when: has('Link'),
      read: (e) => definitionOf(e, 'Link')?.get('name') as string | undefined,
      write: (e, value) => [{ target: definitionOf(e, 'Link')!, properties: { name: value } }],
    },
    {
      key: 'eventCondition',
      input: 'code',
      when: has('Conditional'),
      read: (e) => (definitionOf(e, 'Conditional')?.get('condition') as Moddle | undefined)?.get('body') as string | undefined,
      write: (e, value, context) => [{ target: definitionOf(e, 'Conditional')!, properties: { condition: formal(context, definitionOf(e, 'Conditional')!, String(value ?? '')) } }],
    },
    attribute('interrupting', 'cancelActivity', 'switch', { when: (e) => e.$type === 'bpmn:BoundaryEvent' && !has('Error')(e) && !has('Compensate')(e) && !has('Cancel')(e), write: (e, value) => [{ target: e, properties: { cancelActivity: Boolean(value) } }] }),
  ],
}

export const initiator: Group = {
  key: 'initiator',
  when: (e) => is('bpmn:StartEvent')(e) && e.$parent?.$type === 'bpmn:Process',
  fields: [attribute('initiator', 'camunda:initiator', 'text', { placeholder: 'starter', hint: true })],
}

