import { extensionOf, formal, list, withExtensions } from './extensions'
import { attribute, is, special, type Group } from './fields'
import type { Moddle } from '../process/modeler'

const messageOf = (e: Moddle) => list(e, 'eventDefinitions').find((d) => d.$type === 'bpmn:MessageEventDefinition')
/** Where the implementation is written: at the task, or at the definition of a throwing message event. */
const throwing = is('bpmn:IntermediateThrowEvent', 'bpmn:EndEvent')
export const placeOf = (e: Moddle): Moddle => (throwing(e) ? (messageOf(e) ?? e) : e)

const ways = ['external', 'function', 'expression', 'decision'] as const
type Way = (typeof ways)[number] | 'none' | 'code'

/** How the work of a task is done. */
export function wayOf(e: Moddle): Way {
  const at = placeOf(e)
  if (at.get('camunda:type') === 'external') return 'external'
  if (at.get('diom:function') !== undefined) return 'function'
  if (at.get('camunda:expression') !== undefined) return 'expression'
  if (at.get('camunda:decisionRef') !== undefined) return 'decision'
  return at.get('camunda:class') || at.get('camunda:delegateExpression') ? 'code' : 'none'
}
const by = (...wanted: Way[]) => (e: Moddle) => wanted.includes(wayOf(e))
const at = (name: string) => ({
  read: (e: Moddle) => placeOf(e).get(name) as string | undefined,
  write: (e: Moddle, value: unknown) => [{ target: placeOf(e), properties: { [name]: value === '' || value === undefined ? (name === 'camunda:topic' ? undefined : '') : value } }],
})
const worker = (e: Moddle) => is('bpmn:ServiceTask', 'bpmn:SendTask', 'bpmn:BusinessRuleTask')(e) || (throwing(e) && messageOf(e) !== undefined)

/** Who does the work of a service task and its kin. */
export const work: Group = {
  key: 'work',
  when: worker,
  fields: [
    {
      key: 'way',
      input: 'select',
      options: ['none', ...ways, 'code'],
      hint: true,
      read: wayOf,
      write: (e, value) => {
        const place = placeOf(e)
        const none: Record<string, unknown> = { 'camunda:type': undefined, 'camunda:topic': undefined, 'camunda:expression': undefined, 'camunda:delegateExpression': undefined, 'camunda:class': undefined, 'camunda:resultVariable': undefined }
        if (place === e) none['diom:function'] = undefined
        if (is('bpmn:BusinessRuleTask')(e)) Object.assign(none, { 'camunda:decisionRef': undefined, 'camunda:mapDecisionResult': undefined, 'camunda:decisionRefBinding': undefined, 'camunda:decisionRefVersion': undefined })
        const chosen: Record<string, object> = { external: { 'camunda:type': 'external', 'camunda:topic': '' }, function: { 'diom:function': '' }, expression: { 'camunda:expression': '' }, decision: { 'camunda:decisionRef': '' }, code: { 'camunda:delegateExpression': '' } }
        return [{ target: place, properties: { ...none, ...chosen[String(value)] } }]
      },
    },
    { key: 'topic', input: 'topic', hint: true, when: by('external'), ...at('camunda:topic') },
    { key: 'taskPriority', input: 'text', when: by('external'), ...at('camunda:taskPriority') },
    { key: 'function', input: 'text', hint: true, when: by('function'), ...at('diom:function') },
    { key: 'expression', input: 'code', when: by('expression'), ...at('camunda:expression') },
    { key: 'delegate', input: 'code', hint: true, when: by('code'), ...at('camunda:delegateExpression') },
    { key: 'resultVariable', input: 'text', when: by('expression', 'decision'), ...at('camunda:resultVariable') },
    { key: 'decisionRef', input: 'decision', when: by('decision'), ...at('camunda:decisionRef') },
    attribute('decisionRefBinding', 'camunda:decisionRefBinding', 'select', { options: ['latest', 'deployment', 'version'], when: by('decision') }),
    attribute('decisionRefVersion', 'camunda:decisionRefVersion', 'text', { when: (e) => by('decision')(e) && e.get('camunda:decisionRefBinding') === 'version' }),
    attribute('mapDecisionResult', 'camunda:mapDecisionResult', 'select', { options: ['singleEntry', 'singleResult', 'collectEntries', 'resultList'], when: by('decision') }),
  ],
}

/** A text in JUEL or FEEL that a script task computes. */
export const script: Group = {
  key: 'script',
  when: is('bpmn:ScriptTask'),
  fields: [
    attribute('scriptFormat', 'scriptFormat', 'select', { options: ['juel', 'feel'] }),
    attribute('script', 'script', 'code'),
    attribute('resultVariable', 'camunda:resultVariable'),
  ],
}

const binding = (e: Moddle) => e.get('camunda:calledElementBinding')

/** Which process is called, and with what. */
export const call: Group = {
  key: 'call',
  when: is('bpmn:CallActivity'),
  fields: [
    attribute('calledElement', 'calledElement', 'process'),
    attribute('calledElementBinding', 'camunda:calledElementBinding', 'select', { options: ['latest', 'deployment', 'version', 'versionTag'] }),
    attribute('calledElementVersion', 'camunda:calledElementVersion', 'text', { when: (e) => binding(e) === 'version' }),
    attribute('calledElementVersionTag', 'camunda:calledElementVersionTag', 'text', { when: (e) => binding(e) === 'versionTag' }),
    special('inMappings', 'mappings', { of: 'camunda:In' }),
    special('outMappings', 'mappings', { of: 'camunda:Out' }),
  ],
}

/** What a task is given, and what it leaves behind. */
export const parameters: Group = {
  key: 'parameters',
  when: (e) => is('bpmn:Activity', 'bpmn:IntermediateCatchEvent', 'bpmn:IntermediateThrowEvent', 'bpmn:EndEvent')(e),
  fields: [special('inputParameters', 'parameters', { of: 'camunda:InputParameter' }), special('outputParameters', 'parameters', { of: 'camunda:OutputParameter', when: (e) => e.$type !== 'bpmn:EndEvent' })],
}

const loop = (e: Moddle) => e.get('loopCharacteristics') as Moddle | undefined
const isMulti = (e: Moddle) => loop(e)?.$type === 'bpmn:MultiInstanceLoopCharacteristics'
const ofLoop = (name: string) => ({
  when: isMulti,
  read: (e: Moddle) => loop(e)?.get(name) as string | undefined,
  write: (e: Moddle, value: unknown) => [{ target: loop(e)!, properties: { [name]: value || undefined } }],
})
const ofLoopExpression = (name: string) => ({
  when: isMulti,
  read: (e: Moddle) => (loop(e)?.get(name) as Moddle | undefined)?.get('body') as string | undefined,
  write: (e: Moddle, value: unknown, context: Parameters<typeof formal>[0]) => [{ target: loop(e)!, properties: { [name]: formal(context, loop(e)!, String(value ?? '')) } }],
})

/** How often an activity is done: for each member of a collection, or so many times. */
export const multi: Group = {
  key: 'multi',
  when: is('bpmn:Activity'),
  fields: [
    {
      key: 'loop',
      input: 'select',
      options: ['none', 'parallel', 'sequential', 'standard'],
      read: (e) => (!loop(e) ? 'none' : !isMulti(e) ? 'standard' : loop(e)!.get('isSequential') ? 'sequential' : 'parallel'),
      write: (e, value, context) => {
        if (value === 'none' || !value) return [{ target: e, properties: { loopCharacteristics: undefined } }]
        if (isMulti(e) && value !== 'standard') return [{ target: loop(e)!, properties: { isSequential: value === 'sequential' } }]
        const made = value === 'standard' ? context.create('bpmn:StandardLoopCharacteristics') : context.create('bpmn:MultiInstanceLoopCharacteristics', { isSequential: value === 'sequential' })
        made.$parent = e
        return [{ target: e, properties: { loopCharacteristics: made } }]
      },
    },
    { key: 'collection', input: 'code', hint: true, ...ofLoop('camunda:collection') },
    { key: 'elementVariable', input: 'text', ...ofLoop('camunda:elementVariable') },
    { key: 'loopCardinality', input: 'code', ...ofLoopExpression('loopCardinality') },
    { key: 'completionCondition', input: 'code', hint: true, ...ofLoopExpression('completionCondition') },
  ],
}

/** When work is done in a transaction of its own, and how often it is tried again. */
export const technical: Group = {
  key: 'technical',
  when: is('bpmn:Activity', 'bpmn:Event', 'bpmn:Gateway'),
  fields: [
    attribute('asyncBefore', 'camunda:asyncBefore', 'switch'),
    attribute('asyncAfter', 'camunda:asyncAfter', 'switch'),
    {
      key: 'retries',
      input: 'text',
      placeholder: 'R3/PT5M',
      hint: true,
      read: (e) => extensionOf(e, 'camunda:FailedJobRetryTimeCycle')?.get('body') as string | undefined,
      write: (e, value, context) => [withExtensions(context, e, 'camunda:FailedJobRetryTimeCycle', value ? [context.create('camunda:FailedJobRetryTimeCycle', { body: value })] : [])],
    },
  ],
}

const hasListeners = (e: Moddle) => is('bpmn:FlowNode', 'bpmn:SequenceFlow', 'bpmn:Process')(e)
/** What is told when something begins or ends. */
export const listeners: Group = {
  key: 'listeners',
  when: hasListeners,
  fields: [
    special('executionListeners', 'listeners', { of: 'camunda:ExecutionListener', hint: true }),
    special('taskListeners', 'listeners', { of: 'camunda:TaskListener', when: is('bpmn:UserTask') }),
  ],
}

