import type { Moddle } from '../process/modeler'
import { extensionOf, withAttributes, type Change, type Context } from './extensions'

export type Value = string | number | boolean | string[] | undefined
export type Input =
  | 'text' | 'area' | 'code' | 'number' | 'switch' | 'select' | 'many' | 'person' | 'people' | 'groups' | 'duration' | 'moment' | 'timer'
  | 'form' | 'process' | 'decision' | 'topic' | 'flow' | 'root' | 'rights' | 'timeouts' | 'parameters' | 'mappings' | 'listeners'

/** A line of the panel: what it reads of an element, and what it writes. Its texts are design.field.<key>. */
export interface Field {
  key: string
  input: Input
  read: (element: Moddle) => Value
  write: (element: Moddle, value: Value, context: Context) => Change[]
  /** Values to choose from; their texts are design.option.<key>.<value>. */
  options?: string[]
  placeholder?: string
  /** design.hint.<key> is shown below it. */
  hint?: boolean
  when?: (element: Moddle) => boolean
  /** What a list of elements is about, such as the type of root elements. */
  of?: string
  disabled?: boolean
}
/** Fields under a heading, design.group.<key>, at the elements for which it holds. */
export interface Group {
  key: string
  when: (element: Moddle) => boolean
  fields: Field[]
}
type Extra = Partial<Field>

const plain = (value: Value): unknown => (Array.isArray(value) ? value.join(',') : value === '' || value === false ? undefined : value)
const shown = (value: unknown): Value => (value === null ? undefined : (value as Value))

/** A field that is an attribute of the element. */
export function attribute(key: string, name: string, input: Input = 'text', extra: Extra = {}): Field {
  return { key, input, read: (e) => shown(e.get(name)), write: (e, value) => [{ target: e, properties: { [name]: plain(value) } }], ...extra }
}

/** A field that is an attribute of the one extension element of a type. */
export function extended(key: string, type: string, name: string, input: Input = 'text', extra: Extra = {}): Field {
  return {
    key,
    input,
    read: (e) => shown(extensionOf(e, type)?.get(name)),
    write: (e, value, context) => [withAttributes(context, e, type, { [name]: plain(value) }, type === 'diom:Approval' && e.$type === 'bpmn:UserTask')],
    ...extra,
  }
}

/** A field of a list of things that has an input of its own, which reads and writes by itself. */
export function special(key: string, input: Input, extra: Extra = {}): Field {
  return { key, input, read: () => undefined, write: () => [], ...extra }
}

export const is = (...types: string[]) => (e: Moddle) => types.some((t) => e.$instanceOf(t))
