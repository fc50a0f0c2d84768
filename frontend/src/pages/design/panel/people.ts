import { extensionOf, splitList, withAttributes, withExtensions } from './extensions'
import { attribute, extended, is, special, type Field, type Group } from './fields'
import type { Moddle } from '../process/modeler'

const approval = (e: Moddle) => extensionOf(e, 'diom:Approval')
const mode = (e: Moddle) => (approval(e)?.get('mode') as string | undefined) ?? (approval(e) ? 'all' : 'none')
const policy = (key: string, name: string, input: Field['input'], extra: Partial<Field> = {}) =>
  extended(key, 'diom:Approval', name, input, { ...extra, when: (e) => mode(e) !== 'none' && (extra.when?.(e) ?? true) })

const actions = ['return', 'withdraw', 'add-signers', 'remove-signers']

/** Who does a user task, and when. */
export const assignment: Group = {
  key: 'assignment',
  when: is('bpmn:UserTask'),
  fields: [
    attribute('assignee', 'camunda:assignee', 'person', { hint: true }),
    attribute('candidateUsers', 'camunda:candidateUsers', 'people'),
    attribute('candidateGroups', 'camunda:candidateGroups', 'groups'),
    attribute('dueDate', 'camunda:dueDate', 'moment', { hint: true }),
    attribute('followUpDate', 'camunda:followUpDate', 'moment'),
    attribute('priority', 'camunda:priority', 'text', { placeholder: '50' }),
  ],
}

/** How the signers of a user task decide. */
export const approvals: Group = {
  key: 'approval',
  when: is('bpmn:UserTask'),
  fields: [
    {
      key: 'mode',
      input: 'select',
      options: ['none', 'all', 'sequential', 'any', 'ratio', 'weighted', 'veto'],
      hint: true,
      read: mode,
      write: (e, value, context) =>
        value === 'none' || !value ? [withExtensions(context, e, 'diom:Approval', [])] : [withAttributes(context, e, 'diom:Approval', { mode: value }, true)],
    },
    policy('signers', 'signers', 'people', { hint: true }),
    policy('ratio', 'ratio', 'number', { when: (e) => ['ratio', 'weighted'].includes(mode(e)), placeholder: '50' }),
    policy('weights', 'weights', 'code', { when: (e) => mode(e) === 'weighted' }),
    policy('veto', 'veto', 'switch', { when: (e) => mode(e) !== 'veto' }),
    policy('emptySigners', 'empty', 'select', { options: ['incident', 'approve', 'reject', 'transfer', 'administrator'] }),
    policy('emptyTo', 'emptyTo', 'people', { when: (e) => approval(e)?.get('empty') === 'transfer' }),
    policy('starter', 'starter', 'select', { options: ['self', 'skip', 'manager'] }),
    policy('again', 'again', 'select', { options: ['ask', 'consecutive', 'passed'] }),
    policy('allow', 'allow', 'many', {
      options: [...actions, 'none'],
      read: (e) => {
        const text = approval(e)?.get('allow') as string | undefined
        return text === undefined ? actions : splitList(text)
      },
      write: (e, value, context) => {
        const chosen = actions.filter((a) => (value as string[]).includes(a))
        const added = (value as string[]).at(-1) === 'none'
        const allow = chosen.length === 0 || added ? 'none' : chosen.length === actions.length ? undefined : chosen.join(',')
        return [withAttributes(context, e, 'diom:Approval', { allow }, true)]
      },
    }),
    policy('result', 'result', 'text', { placeholder: 'approval' }),
    policy('copyTo', 'copyTo', 'people'),
    policy('maxSigners', 'maxSigners', 'number', { placeholder: '20' }),
    policy('bulk', 'bulk', 'switch'),
  ],
}

/** What happens when a user task takes too long, and who is sent copies. */
export const timeouts: Group = {
  key: 'timeouts',
  when: is('bpmn:UserTask'),
  fields: [special('timeouts', 'timeouts', { hint: true }), extended('copy', 'diom:Copy', 'to', 'people', { when: (e) => mode(e) === 'none' })],
}

const formKind = (e: Moddle) => (e.get('camunda:formRef') !== undefined ? 'ref' : e.get('camunda:formKey') !== undefined ? 'key' : 'none')
const isRef = (e: Moddle) => formKind(e) === 'ref'

/** What a start or a task is filled in with. */
export const forms: Group = {
  key: 'form',
  when: (e) => is('bpmn:UserTask')(e) || (is('bpmn:StartEvent')(e) && e.$parent?.$type === 'bpmn:Process'),
  fields: [
    {
      key: 'formKind',
      input: 'select',
      options: ['none', 'ref', 'key'],
      read: formKind,
      write: (e, value) => [
        {
          target: e,
          properties: {
            'camunda:formRef': value === 'ref' ? '' : undefined,
            'camunda:formKey': value === 'key' ? '' : undefined,
            'camunda:formRefBinding': undefined,
            'camunda:formRefVersion': undefined,
          },
        },
      ],
    },
    attribute('formRef', 'camunda:formRef', 'form', { when: isRef, write: (e, value) => [{ target: e, properties: { 'camunda:formRef': value ?? '' } }] }),
    attribute('formRefBinding', 'camunda:formRefBinding', 'select', { options: ['latest', 'deployment', 'version'], when: isRef }),
    attribute('formRefVersion', 'camunda:formRefVersion', 'text', { when: (e) => isRef(e) && e.get('camunda:formRefBinding') === 'version' }),
    attribute('formKey', 'camunda:formKey', 'text', { when: (e) => formKind(e) === 'key', hint: true, write: (e, value) => [{ target: e, properties: { 'camunda:formKey': value ?? '' } }] }),
    special('rights', 'rights', { hint: true }),
  ],
}
